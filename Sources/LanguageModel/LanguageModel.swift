// placeholder LanguageModel
