// placeholder Safetensors
