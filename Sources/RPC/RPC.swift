// placeholder RPC
