"""Unpacks what absa needs of a wheel: unpack.py VARIANT WHEEL FOLDER.

The layout of site-packages is kept, because the libraries find each other by
paths relative to their own ($ORIGIN/../../nvidia/cu13/lib). Everything that
only Python uses is left out, and for the CPU variant what only CUDA uses.
"""

import fnmatch
import sys
import zipfile

ALWAYS = ["torch/include/*", "torch/version.py", "*.dist-info/METADATA", "*.dist-info/licenses/*"]
KEEP = {
    "cpu": [
        "torch/lib/libc10.so",
        "torch/lib/libgomp*.so*",
        "torch/lib/libtorch_cpu.so",
        "nvidia/*/lib/libcudart.so.*",
        "nvidia/*/lib/libcupti.so.*",
    ],
    "cuda": ["torch/lib/*.so*", "nvidia/*"],
}
DROP = ["*.a", "*.py[cdi]", "*/libtorch_python.so", "*/libshm*"]


def wanted(name, variant):
    """Says whether the wheel's member name belongs to the variant."""

    def any_of(patterns):
        return any(fnmatch.fnmatchcase(name, p) for p in patterns)

    return any_of(ALWAYS + KEEP[variant]) and not any_of(DROP)


def main(variant, wheel, folder):
    with zipfile.ZipFile(wheel) as z:
        z.extractall(folder, [n for n in z.namelist() if wanted(n, variant)])


if __name__ == "__main__":
    main(*sys.argv[1:])
