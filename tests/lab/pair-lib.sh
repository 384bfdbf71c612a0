# SPDX-License-Identifier: GPL-2.0-or-later
#
# Helpers of scenarios that run beside the two hosts of tests/lab/pair, by bash: a guest whose work checks itself,
# and whether it is alive, whole, and in one place.

fail()
{
	echo "FAILED: $*"
	for host in "$A" "$B"; do
		$host 'uname -n; tenon list; tail -n 25 /var/log/tenon/tenond.log; tail -n 5 /var/log/tenon/console/anna.log;
			tenon dmesg | tail -n 5'
	done
	exit 1
}

say()
{
	echo "[$(date +%T)] $*"
}

# on HOST COMMAND: in its dom0, with the helpers of the lab.
on()
{
	local host=$1

	shift
	$host ". /lab/lib.sh; $*"
}

# works HOST WHAT: the guest runs there, whole, and its work goes on.
works()
{
	local round

	[ "$(on "$1" 'tenon info anna --json | jq -r .state')" = running ] || fail "$2: it does not run"
	on "$1" 'reach 10.9.0.9' || fail "$2: it cannot be reached"
	on "$1" "guest_run 10.9.0.9 '[ \"\$(md5sum </tmp/memory; md5sum </mnt/disk)\" = \"\$(echo \"$sum\"; echo \"$sum\")\" ] || echo changed
		[ \$(nproc) = 2 ] || echo processors; [ ! -e /tmp/bad ] || echo writes; dmesg | grep -E \"'\"\$LAB_COMPLAINTS\"'\"; true'" |
		grep . && fail "$2: memory or disk changed, processors or writes are missing, or its kernel complains"
	round=$(on "$1" "guest_run 10.9.0.9 'cat /tmp/rounds'")
	on "$1" "await 60 sh -c '. /lab/lib.sh; [ \$(guest_run 10.9.0.9 cat /tmp/rounds) -gt $round ]'" ||
		fail "$2: its work stands still"
}

# alone HOST WHAT: nothing is on a host but dom0, in a while.
alone()
{
	on "$1" "await 60 sh -c '[ \"\$(tenon list --json | jq length)\" = 1 ]'" || fail "$2: half a guest is left"
	on "$1" no_leftovers || fail "$2: devices are left on the other host"
}

# alive HOST WHAT: the guest works there, and nothing of it is on the other one.
alive()
{
	local other=$A

	[ "$1" = "$A" ] && other=$B
	alone "$other" "$2"
	works "$1" "$2"
	say "$2: alive"
}

# working_guest: anna, at a, on the shared disk; she writes to it and reads back, round by round.
working_guest()
{
	say "a guest on the shared disk"
	on "$A" 'mke2fs -q -t ext4 /dev/nbd15 && xml=$(guest_xml anna vcpus=2 cmdline="ip=10.9.0.9/24 disk=rw" disk=/dev/nbd15 bridge=br0) &&
		sed -i "s/disk type=.file./disk type=\"block\"/; s/source file=/source dev=/" $xml && echo 0 >/run/lab/guests/anna.from &&
		must tenon create $xml && guest_up anna && reach 10.9.0.9' || fail "no guest"
	begin_work
}

# begin_work: of a guest that runs at a.
begin_work()
{
	sum=$(on "$A" "guest_run 10.9.0.9 'head -c 5000000 /dev/urandom >/tmp/memory; cp /tmp/memory /mnt/disk; md5sum </tmp/memory'")
	on "$A" 'guest_run 10.9.0.9 "setsid sh -c \"n=0; while :; do n=\\\$((n+1)); head -c 300000 /dev/urandom >/tmp/in; cp /tmp/in /mnt/out
			sync; echo 3 >/proc/sys/vm/drop_caches; cmp /tmp/in /mnt/out || echo \\\$n >>/tmp/bad; echo \\\$n >/tmp/rounds; sleep 1
		done\" >/dev/null 2>&1 &"' || fail "the guest does not work"
	# Who compares rounds needs one to begin with, which takes a while on a loaded machine.
	on "$A" 'await 60 guest_run 10.9.0.9 "test -s /tmp/rounds"' || fail "the guest does no work"
}
