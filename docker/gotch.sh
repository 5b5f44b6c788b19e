# gotch.sh: the header and the stub libraries with which gotch v0.9.1 compiles
# and links unchanged. Sourced by setup.sh.

# prepare_gotch sets gotch to a folder with compat.h and stubs/. Go's build key
# holds the path of a force-included header, not its content, so the folder is
# named for the hash of what it is made from: the flags are the same from every
# checkout, and change (and rebuild gotch, some minutes) exactly when they must.
# Whoever changes below how the stubs are made counts the recipe up.
prepare_gotch() {
	local sum name tmp
	sum=$({ echo "recipe 1" && cat "$here/gotch/compat.h" "$here/gotch/stubs.txt"; } | sha256sum)
	gotch=$cache/gotch/${sum:0:16}
	if [[ -d $gotch ]]; then
		return
	fi
	check_cxx
	lock "$cache/gotch"
	if [[ ! -d $gotch ]]; then
		rm -rf -- "$cache/gotch"/.tmp.*
		tmp=$(mktemp -d "$cache/gotch/.tmp.XXXXXX")
		scratch+=("$tmp")
		mkdir -p "$tmp/tree/stubs"
		cp "$here/gotch/compat.h" "$tmp/tree/compat.h"
		$cc -shared -nostdlib -Wl,--build-id=none -x c /dev/null -o "$tmp/empty.so" ||
			refuse "cannot link an empty library: see the words of \"$cc\" above."
		for name in $(sed 's/#.*//' "$here/gotch/stubs.txt"); do
			cp "$tmp/empty.so" "$tmp/tree/stubs/lib$name.so"
		done
		mv -T "$tmp/tree" "$gotch"
		rm -rf -- "$tmp"
	fi
	unlock
}
