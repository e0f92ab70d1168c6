// placeholder Tokenizers
