# prerequisites.sh: what must be on the machine before anything is fetched.
# Sourced by setup.sh and venv.sh.

check_platform() {
	local platform libc
	platform=$(uname -sm)
	if [[ $platform != "Linux x86_64" ]]; then
		refuse "this machine is $platform; absa is built and tested on Linux x86_64 only" \
			"(on macOS or Windows use a Linux virtual machine, WSL 2 or a container)."
	fi
	libc=$(getconf GNU_LIBC_VERSION 2>/dev/null || true)
	if [[ $libc != "glibc "* ]] || ! at_least 2.28 "${libc#glibc }"; then
		refuse "LibTorch needs glibc 2.28 or newer, here is ${libc:-another C library}:" \
			"use a newer distribution (not a musl one such as Alpine)."
	fi
}

# at_least MIN HAVE compares dotted versions.
at_least() { printf '%s\n%s\n' "$1" "$2" | sort -V -C; }

check_tools() {
	command -v make >/dev/null || missing make make make
	command -v flock >/dev/null || missing flock util-linux util-linux
}

# check_go also reads the Go settings that the other steps use: goflags, cc, cxx.
check_go() {
	local minimum settings version cgo
	minimum=$(awk '$1 == "go" { print $2; exit }' "$repo/go.mod")
	command -v go >/dev/null ||
		missing "Go $minimum or newer" "golang-go (or the Go project's own archive where that is older)" golang
	# Inside the module, so that a toolchain switch asked for by go.mod has happened.
	settings=$(cd "$repo" && go env GOVERSION GOFLAGS CGO_ENABLED CC CXX) ||
		refuse "Go $minimum or newer is needed; \"go env\" says why this one does not do."
	{ read -r version; read -r goflags; read -r cgo; read -r cc; read -r cxx; } <<<"$settings"
	if [[ $version =~ ^go([0-9.]+) ]] && ! at_least "$minimum" "${BASH_REMATCH[1]}"; then
		refuse "Go $minimum or newer is needed, $(command -v go) is ${BASH_REMATCH[1]}:" \
			"install a newer one (Debian, Ubuntu: golang-go, Fedora: golang, or the Go project's own archive)."
	fi
	command -v "${cxx%% *}" >/dev/null || missing "the C++ compiler ${cxx%% *}" g++ gcc-c++
	command -v "${cc%% *}" >/dev/null || missing "the C compiler ${cc%% *}" gcc gcc
	if [[ $cgo != 1 ]]; then
		refuse "cgo is off (CGO_ENABLED=$cgo): unset CGO_ENABLED, LibTorch is C++."
	fi
}

# check_cxx compiles a few lines: a compiler without its library's headers is
# as good as none. Called only when something is about to be compiled anyway.
check_cxx() {
	local said
	if ! said=$($cxx -std=c++17 -fsyntax-only -x c++ - 2>&1 <<<'
		#include <optional>
		static_assert(std::optional<int>{1}.value() == 1);'); then
		printf '%s\n' "$said" >&2
		missing "a C++17 compiler with its standard library (\"$cxx\" cannot compile #include <optional>)" g++ gcc-c++
	fi
}

# check_python is for the steps that fetch: python is set to a Python 3 with
# its standard library.
check_python() {
	python=${PYTHON:-python3}
	command -v "$python" >/dev/null || missing "Python 3" "python3 python3-venv python3-pip" "python3 python3-pip"
	"$python" -c 'import sys, zipfile; sys.exit(sys.version_info < (3, 8))' ||
		missing "Python 3.8 or newer" "python3 python3-venv python3-pip" "python3 python3-pip"
}

# check_extensions is for the peers that pip compiles (fasttext): a C++17
# compiler, and the headers of the Python that python names.
check_extensions() {
	local headers
	cxx=${CXX:-g++}
	command -v "${cxx%% *}" >/dev/null || missing "the C++ compiler ${cxx%% *}" g++ gcc-c++
	check_cxx
	headers=$("$python" -c 'import sysconfig; print(sysconfig.get_path("include"))')
	[[ -f $headers/Python.h ]] || missing "$headers/Python.h" python3-dev python3-devel
}
