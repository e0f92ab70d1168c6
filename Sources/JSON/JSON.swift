// placeholder JSON
