// placeholder Client
