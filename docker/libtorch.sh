# libtorch.sh: finds LibTorch or fetches it. Sourced by setup.sh.

libtorch_version=2.11.0

# find_libtorch sets libtorch (a folder with include/ and lib/) and variant
# (cpu or cuda): LIBTORCH if given, else the user's cache, else a download.
find_libtorch() {
	local wish=${LIBTORCH_VARIANT:-}
	case $wish in
	"" | cpu | cuda) ;;
	*) refuse "LIBTORCH_VARIANT is \"$wish\": it may be cpu or cuda." ;;
	esac
	if [[ ${LIBTORCH:-} ]]; then
		given_libtorch "$wish"
		return
	fi
	if [[ ! $wish ]]; then
		wish=$(suited_variant)
	fi
	# The CUDA variant holds all that a CPU host needs.
	for variant in "$wish" cuda; do
		libtorch=$(cached "$variant")/torch
		if [[ -d $libtorch ]]; then
			return
		fi
	done
	variant=$wish
	libtorch=$(cached "$variant")/torch
	fetch_libtorch "$variant"
}

# cached prints the folder of a variant. It is put there whole, by a rename: if
# it exists it is complete.
cached() { printf '%s\n' "$cache/libtorch/$libtorch_version-$1"; }

# suited_variant prints cuda where an NVIDIA driver is present that can run
# CUDA 13 (580 or newer), else cpu. It does not start nvidia-smi, which takes a second.
suited_variant() {
	local release
	release=$(sed -n 's/^NVRM version:.*  \([0-9][0-9]*\)\.[0-9.]*  .*/\1/p' /proc/driver/nvidia/version 2>/dev/null || true)
	if [[ $release ]] && ((release < 580)); then
		say "the NVIDIA driver is $release, CUDA 13 needs 580 or newer: taking the CPU variant (LIBTORCH_VARIANT=cuda overrides)."
		echo cpu
	elif [[ -e /dev/nvidia0 ]] || command -v nvidia-smi >/dev/null ||
		PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null | grep -q 'libcuda\.so\.1 '; then
		echo cuda
	else
		echo cpu
	fi
}

# given_libtorch takes the folder named by LIBTORCH, or says why it will not do.
given_libtorch() {
	local wish=$1 version lost
	libtorch=$(cd -P "$LIBTORCH" 2>/dev/null && pwd) || refuse "LIBTORCH=$LIBTORCH: no such folder."
	check_path LIBTORCH "$libtorch" "move it or make a copy elsewhere"
	if [[ ! -d $libtorch/include || ! -f $libtorch/lib/libtorch_cpu.so || ! -f $libtorch/lib/libc10.so ]]; then
		refuse "LIBTORCH=$libtorch has no include/ or no lib/libtorch_cpu.so and lib/libc10.so: name an unpacked" \
			"LibTorch archive (its folder libtorch) or an installed torch package (.../site-packages/torch)."
	fi
	version=$(version_of "$libtorch")
	if [[ ${version%%+*} != "$libtorch_version" ]]; then
		refuse "LIBTORCH=$libtorch is LibTorch ${version:-of an unknown version}; absa needs $libtorch_version." \
			"Unset LIBTORCH to have it fetched."
	fi
	# libstdc++'s two ABIs show in the mangled name of every function that takes a string.
	if ! grep -qaF '_ZN3c105ErrorC1ENS_14SourceLocationENSt7__cxx1112basic_string' "$libtorch/lib/libc10.so"; then
		refuse "LIBTORCH=$libtorch is built with the old C++ ABI: take one with the C++11 ABI."
	fi
	variant=cpu
	if [[ -f $libtorch/lib/libtorch_cuda.so ]]; then
		variant=cuda
	fi
	if [[ $wish == cuda && $variant == cpu ]]; then
		refuse "LIBTORCH=$libtorch is a CPU build, but LIBTORCH_VARIANT=cuda asks for CUDA: unset one of them."
	fi
	if ! grep -qsxF "ABSA_LIBTORCH=\"$libtorch\"" "$repo/libtorch.env"; then # slow: only for a new folder
		lost=$(ldd "$libtorch/lib/libtorch_cpu.so" 2>/dev/null | awk '/not found/ { printf "%s ", $1 }' || true)
		if [[ $lost ]]; then
			refuse "LIBTORCH=$libtorch: libtorch_cpu.so does not find ${lost% }." \
				"Install the torch package with its dependencies."
		fi
	fi
}

# version_of prints the version of a LibTorch folder, or nothing.
version_of() {
	local header
	if [[ -f $1/build-version ]]; then # the LibTorch archive
		head -n 1 "$1/build-version"
	elif [[ -f $1/version.py ]]; then # the torch package
		sed -n "s/^__version__ *= *['\"]\([^'\"]*\)['\"].*/\1/p" "$1/version.py"
	else
		for header in torch/headeronly/version.h torch/version.h torch/csrc/api/include/torch/version.h; do
			if grep -qs 'define TORCH_VERSION_MAJOR' "$1/include/$header"; then
				awk '$2 ~ /^TORCH_VERSION_(MAJOR|MINOR|PATCH)$/ { printf "%s%s", dot, $3; dot = "." }' "$1/include/$header"
				return
			fi
		done
	fi
}

# fetch_libtorch downloads and unpacks a variant beside its final place and
# renames it: an interrupted or concurrent set-up never leaves a half one.
fetch_libtorch() {
	local folder=$cache/libtorch final need wheel tmp
	final=$(cached "$1")
	check_python
	lock "$folder"
	if [[ ! -d $final ]]; then # else another set-up has just made it
		rm -rf -- "$folder"/.tmp.* # what a killed one left
		# MiB at the highest point: the wheels and what is unpacked of them.
		need=1600
		if [[ $1 == cuda ]]; then
			need=8000
		fi
		check_space "$folder" "$need"
		tmp=$(mktemp -d "$folder/.tmp.XXXXXX")
		scratch+=("$tmp")
		mkdir "$tmp/wheels" "$tmp/tree"
		say "fetching LibTorch $libtorch_version ($1) once for all checkouts, into $final"
		download "$tmp" "$here/libtorch-$1.txt"
		for wheel in "$tmp"/wheels/*.whl; do
			say "unpacking ${wheel##*/}"
			run "$python" "$here/unpack.py" "$1" "$wheel" "$tmp/tree" ||
				refuse "cannot unpack ${wheel##*/}: see the words above."
			rm -f -- "$wheel"
		done
		run sync -f "$tmp/tree" # on the disk before its name says that it is complete
		mv -T "$tmp/tree" "$final"
		rm -rf -- "$tmp"
	fi
	unlock
}

# check_space FOLDER MIB refuses when the file system holds less.
check_space() {
	local free
	free=$(df -Pk "$1" | awk 'NR == 2 { print int($4 / 1024) }')
	if ((free < $2)); then
		refuse "fetching LibTorch takes $2 MiB for a while and $1 has $free MiB free:" \
			"free some, set XDG_CACHE_HOME to a folder on a larger disk, or set LIBTORCH."
	fi
}

# download TMP REQUIREMENTS puts the wheels into TMP/wheels. They are named as
# for CPython 3.12 whatever Python runs pip, so one hash each is enough: nothing
# in them that depends on Python is used.
download() {
	local tmp=$1 requirements=$2 minor platforms=() pip
	for minor in 28 27 26 25 24 23 22 21 20 19 18 17; do
		platforms+=(--platform "manylinux_2_${minor}_x86_64")
	done
	set -- download --no-deps --only-binary=:all: --python-version 3.12 --implementation cp \
		"${platforms[@]}" --platform manylinux2014_x86_64 \
		--require-hashes --no-cache-dir --disable-pip-version-check \
		--dest "$tmp/wheels" -r "$requirements"
	# The temporary files of pip belong to the checked disk too.
	export TMPDIR=$tmp PIP_REQUIRE_VIRTUALENV=0
	pip=("$python" -m pip)
	if ! "${pip[@]}" --version >/dev/null 2>&1; then
		make_venv "$tmp"
	elif run "${pip[@]}" "$@" >&2 2>"$tmp/pip.log"; then
		return
	elif cat "$tmp/pip.log" >&2 && grep -q externally-managed "$tmp/pip.log"; then # PEP 668
		make_venv "$tmp"
	else
		refuse "pip could not download LibTorch: see its words above. Try again, or set LIBTORCH to a copy of your own."
	fi
	run "$tmp/venv/bin/python" -m pip "$@" >&2 ||
		refuse "pip could not download LibTorch: see its words above. Try again, or set LIBTORCH to a copy of your own."
}

# make_venv gives pip an environment of its own in TMP/venv.
make_venv() {
	say "the system's Python has no pip that may be used: making a virtual environment for it."
	run "$python" -m venv "$1/venv" >&2 ||
		missing "venv or pip of $python" "python3-venv python3-pip" "python3 python3-pip"
}
