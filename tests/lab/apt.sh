# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by the scripts that fetch Debian packages: where this machine gets its packages from, and a private
# apt that can see other releases without touching the machine's own lists. Mirrors are taken from the
# machine's configuration (or TENON_MIRROR and TENON_SECURITY_MIRROR), never written down here.

# apt_uri PATTERN: the first configured archive whose address matches PATTERN.
apt_uri()
{
	{ sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)*\([^ ]*\) .*/\2/p' \
		/etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources \
		2>/dev/null || :; } | { grep -E "$1" || :; } | head -n 1
}

apt_mirrors()
{
	mirror=${TENON_MIRROR:-$(apt_uri '/debian/?$')}
	security=${TENON_SECURITY_MIRROR:-$(apt_uri '/debian-security/?$')}
	if [ -z "$mirror" ]; then
		echo "$0: no Debian archive in this machine's apt sources; set TENON_MIRROR" >&2
		return 1
	fi
	security=${security:-$mirror-security}
}

# apt_sources SUITE: the sources.list lines of one release, with its updates where there are any.
apt_sources()
{
	local key='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'

	echo "deb $key $mirror $1 main"
	case $1 in
	*-backports) ;;
	bookworm | bullseye | trixie) echo "deb $key $security $1-security main" ;;
	esac
}

# apt_private DIR SUITE: prepares DIR so that "apt_in DIR COMMAND..." sees SUITE and nothing else.
apt_private()
{
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial" "$1/etc"
	: >"$1/status"
	apt_sources "$2" >"$1/etc/sources.list"
	apt_in "$1" apt-get -q update >&2
}

apt_in()
{
	local dir=$1 tool=$2

	shift 2
	"$tool" -o Dir::State::status="$dir/status" -o Dir::State::lists="$dir/lists" \
		-o Dir::Cache="$dir/cache" -o Dir::Etc::sourcelist="$dir/etc/sources.list" \
		-o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o APT::Architecture=amd64 -o APT::Architectures::=amd64 \
		-o APT::Sandbox::User=root -o Acquire::Retries=3 -o Acquire::Languages=none "$@"
}
