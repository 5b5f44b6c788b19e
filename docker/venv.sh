#!/usr/bin/env bash
# venv.sh installs the peers that tests and benchmarks compare with, those of
# reference/requirements.txt, and links .venv at the top of the checkout to
# them. They are kept in the user's cache by the hash of the requirements and
# of the Python they were made with, so a second checkout finds them there.
set -euo pipefail

here=$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=${here%/*}
requirements=$repo/reference/requirements.txt

# shellcheck source=common.sh
. "$here/common.sh"
# shellcheck source=prerequisites.sh
. "$here/prerequisites.sh"

find_cache
[[ -f $requirements ]] || refuse "$requirements is missing."
key=$({ command -v "${PYTHON:-python3}" || true; cat "$requirements"; } | sha256sum)
venv=$cache/venv/${key:0:16}

# A virtual environment cannot be renamed, its scripts hold its path: it is made
# in place, and the file "complete" is written last.
if [[ ! -f $venv/complete ]] || ! "$venv/bin/python" -c '' 2>/dev/null; then
	check_python
	check_extensions
	lock "$cache/venv"
	if [[ ! -f $venv/complete ]] || ! "$venv/bin/python" -c '' 2>/dev/null; then
		rm -rf -- "$venv"
		say "installing the peers of reference/requirements.txt once for all checkouts, into $venv"
		run "$python" -m venv "$venv" >&2 || missing "venv or pip of $python" "python3-venv python3-pip" "python3 python3-pip"
		PIP_REQUIRE_VIRTUALENV=0 run "$venv/bin/python" -m pip install --disable-pip-version-check -r "$requirements" >&2 ||
			refuse "pip could not install the peers: see its words above."
		touch "$venv/complete"
	fi
	unlock
fi
if [[ $(readlink "$repo/.venv" 2>/dev/null) != "$venv" ]]; then
	rm -rf -- "$repo/.venv"
	ln -s "$venv" "$repo/.venv"
fi
