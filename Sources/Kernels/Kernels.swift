// placeholder Kernels
