# common.sh: messages, signals and the user's cache folder, shared by the
# set-up scripts. Sourced, never run.

say() { printf 'setup: %s\n' "$*" >&2; }

# refuse ends the set-up; its words name what is wrong and what to do about it.
refuse() {
	say "$@"
	exit 1
}

# missing refuses for want of a program: missing WHAT DEBIAN-PACKAGES FEDORA-PACKAGES.
missing() {
	refuse "$1 is missing. Install it with \"sudo apt-get install $2\" (Debian, Ubuntu)" \
		"or \"sudo dnf install $3\" (Fedora)."
}

scratch=()  # folders and files that must not outlive this run
child=      # the long command being waited for

cleanup() {
	if [[ $child ]]; then
		kill "$child" 2>/dev/null || true
		wait "$child" 2>/dev/null || true
	fi
	if ((${#scratch[@]})); then
		rm -rf -- "${scratch[@]}"
	fi
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# run runs a long command such that a signal to this script ends the command
# too: bash would otherwise act on the signal only after the command had ended.
# The command does not inherit the lock (descriptor 9), so that it cannot hold
# it beyond our own death.
run() {
	local status=0
	"$@" 9>&- &
	child=$!
	wait "$child" || status=$?
	child=
	return "$status"
}

# find_cache sets cache to the folder that all checkouts of this user share.
find_cache() {
	local base=${XDG_CACHE_HOME:-}
	if [[ $base != /* ]]; then # the XDG specification: a relative path is to be ignored
		base=${HOME:?setup: neither XDG_CACHE_HOME nor HOME is set}/.cache
	fi
	cache=$base/absa
	check_path "the cache folder" "$cache" "set XDG_CACHE_HOME to a folder without them"
}

# check_path refuses paths that cannot pass unharmed through the compiler
# flags, make, the shell and an editor: check_path WHAT PATH HINT.
check_path() {
	if [[ $2 =~ [^A-Za-z0-9_./@%+=:~-] ]]; then
		refuse "$1 is $2: spaces and special characters cannot stand in compiler flags; $3."
	fi
}

# lock takes FOLDER's lock for the rest of the process or until unlock; the
# kernel frees it when the process dies, however it dies.
lock() {
	mkdir -p "$1" || refuse "cannot write $1: set XDG_CACHE_HOME to a folder that you may write."
	exec 9>"$1/.lock"
	if ! flock -n 9; then
		say "another set-up is at work in $1: waiting for it."
		flock 9
	fi
}

unlock() { exec 9>&-; }
