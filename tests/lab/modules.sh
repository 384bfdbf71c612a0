# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by the scripts that pack initial file systems: kernel modules and archives. Its functions read two
# variables: kernel, a folder as tests/lab/kernel makes it, and release, that kernel's full version.

# words FILE: the words of a list, without its comments.
words()
{
	sed 's/#.*//' "$1" | xargs
}

# closure MODULE...: the modules and what they need, in loading order, as paths. Names that this kernel has
# built in, or does not have, are nothing to load.
closure()
{
	local module

	for module; do
		modprobe -d "$kernel" -S "$release" --show-depends "$module" 2>/dev/null || :
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# boot_modules DIR MODULE...: their files in DIR/lib/modules with the order to load them in.
boot_modules()
{
	local dir=$1/lib/modules path

	shift
	mkdir -p "$dir"
	closure "$@" | while read -r path; do
		cp "$path" "$dir/"
		echo "${path##*/}"
	done >"$dir/order"
	for path in "$dir"/*.xz; do
		[ -e "$path" ] && xz -d "$path"
	done
	sed -i 's/\.xz$//' "$dir/order"
}

# pack DIR: its files as an initial file system, the same bytes for the same files.
pack()
{
	(cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc --quiet -R 0:0)
}
