"""Makes pytorch.safetensors with PyTorch's own library, and checks a file that rnnd wrote.

    python3 make_golden.py                      writes pytorch.safetensors beside this script
    python3 make_golden.py check FILE           prints FILE's tensors as safetensors.torch loads them

Needs: pip install torch numpy safetensors
"""
import pathlib
import sys

import torch
from safetensors import safe_open
from safetensors.torch import save_file

TENSORS = {
    "matrix": torch.tensor([[1.0, -2.5, 3.25], [0.1, 1e-30, -0.0]]),
    "scalar": torch.tensor(7.5),
    "empty": torch.zeros(0, 4),
    "half": torch.tensor([1.0, -0.5, 65504.0, 6e-8, 0.333251953125, float("inf")], dtype=torch.float16),
    "brain": torch.tensor([1.0, -3.0, 3.3895e38, 1e-40], dtype=torch.bfloat16),
}

if len(sys.argv) > 2 and sys.argv[1] == "check":
    with safe_open(sys.argv[2], framework="pt") as file:
        print("metadata", file.metadata())
        for name in file.keys():
            tensor = file.get_tensor(name)
            print(name, tensor.dtype, list(tensor.shape), tensor.flatten().tolist())
else:
    target = pathlib.Path(__file__).with_name("pytorch.safetensors")
    save_file(TENSORS, target, metadata={"format": "pt", "note": "é"})
    for name, tensor in TENSORS.items():
        print(name, [float(value) for value in tensor.flatten()])
