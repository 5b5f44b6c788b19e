#!/usr/bin/env bash
# browser.sh prints the path of the headless Chromium that the tests of pages
# use. Where there is none it installs Debian's, if it may without asking;
# otherwise it says so and prints nothing, and those tests are skipped.
set -euo pipefail

find_browser() {
	local name
	for name in chromium-headless-shell chromium chromium-browser google-chrome; do
		command -v "$name" && return
	done
	return 1
}

say() { printf 'browser: %s\n' "$*" >&2; }

find_browser && exit
root=()
[[ $EUID == 0 ]] || root=(sudo -n)
if command -v apt-get >/dev/null && "${root[@]}" true 2>/dev/null; then
	say "installing chromium-headless-shell and a font"
	"${root[@]}" apt-get -qq update >&2 &&
		DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get -qq install -y --no-install-recommends \
			chromium-headless-shell fonts-dejavu-core >&2 || say "apt-get could not, see above"
	find_browser && exit
fi
say "no Chromium here, so the tests of pages are skipped: install chromium, or name one with ABSA_TEST_BROWSER"
