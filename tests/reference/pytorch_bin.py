"""PyTorch's own containers of the weights in training_tiny.safetensors, and one that would run a program when unpickled.

usage: pytorch_bin.py DIR      (DIR holds training_tiny.safetensors; the results stand beside this script)
Made with torch 2.15.0, safetensors.
pytorch_bin_zip.bin     what torch.save writes since 1.6; some tensors are views: transposed, cut out of a larger storage, half
                        precision, double precision, a parameter; with an integer buffer
pytorch_bin_legacy.bin  what it wrote before
pytorch_bin_hostile.bin a state dict whose unpickling calls os.system("touch EXECUTED")
pytorch_bin_huge.bin    one number, expanded to a billion
"""
import os
import pickle
import sys
import zipfile

import torch
from safetensors.torch import load_file

out = sys.argv[1]
weights = load_file(os.path.join(out, "training_tiny.safetensors"))
forms = {}
for number, (name, tensor) in enumerate(sorted(weights.items())):
    if number % 4 == 1 and tensor.ndim == 2:
        tensor = tensor.t().contiguous().t()
    elif number % 4 == 2:
        tensor = torch.cat([torch.ones(3), tensor.flatten(), torch.ones(2)])[3:-2].reshape(tensor.shape)
    elif number % 4 == 3:
        tensor = tensor.double()
    else:
        tensor = torch.nn.Parameter(tensor)
    forms[name] = tensor
forms["distilbert.embeddings.position_ids"] = torch.arange(24)
forms["half"] = torch.tensor([1.0, -2.0]).half()
torch.save(forms, os.path.join(out, "pytorch_bin_zip.bin"))
torch.save(forms, os.path.join(out, "pytorch_bin_legacy.bin"), _use_new_zipfile_serialization=False)


class Hostile:
    def __reduce__(self):
        return os.system, ("touch EXECUTED",)


with zipfile.ZipFile(os.path.join(out, "pytorch_bin_hostile.bin"), "w") as archive:
    archive.writestr("archive/data.pkl", pickle.dumps({"classifier.weight": Hostile()}, protocol=2))
    archive.writestr("archive/version", "3\n")

# A view of one number that claims to have a billion.
torch.save({"classifier.weight": torch.ones(1).expand(1_000_000_000)}, os.path.join(out, "pytorch_bin_huge.bin"))
