# SPDX-License-Identifier: GPL-2.0-or-later
#
# Helpers of tests that run in dom0: source it as /lab/lib.sh from sh or bash. dom0 has the bridge br0 with the
# address 10.9.0.1/24; guests made from guest_xml with ip=ADDRESS/24 on their command line join it.

LAB_DIR=/run/lab/guests
LAB_KERNEL=$(echo /guests/vmlinuz-*)
# The same without its packing, which an emulated processor needs seconds to undo each time.
LAB_KERNEL_ELF=$(echo /guests/vmlinux-*)
LAB_INITRD=/guests/initrd-busybox.gz
# What a kernel log must not hold, as an extended regular expression.
LAB_COMPLAINTS='WARNING: CPU|BUG:|Oops|Call Trace|soft lockup|rcu.*stall|hung_task|blocked for more than'
mkdir -p "$LAB_DIR"

# say TEXT: what the test is doing, with the time since boot.
say()
{
	echo "[$(cut -d' ' -f1 /proc/uptime)] $*"
}

# fail TEXT: ends the test, with what there is to know about it.
fail()
{
	echo "FAILED: $*" | cut -c1-2000
	tenon list 2>&1
	for entry in /sys/bus/xen-backend/devices/*; do
		[ -e "$entry" ] && echo "${entry##*/} state $(cat "$entry/state")"
	done
	tail -n 15 /var/log/tenon/*.log /var/log/tenon/console/*.log 2>/dev/null
	exit 1
}

# must COMMAND...: runs it; the test ends if it fails.
must()
{
	"$@" || fail "status $? from: $*"
}

# refuse TEXT COMMAND...: COMMAND must fail and say TEXT (an extended regular expression) on standard error.
refuse()
{
	local pattern=$1 message

	shift
	if message=$("$@" 2>&1); then
		fail "succeeded, but should not: $*"
	fi
	echo "$message" | grep -Eiq "$pattern" || fail "no \"$pattern\" in what \"$*\" says: $message"
	say "refused as it should be: $(echo "$message" | head -n 1)"
}

# await SECONDS COMMAND...: until COMMAND succeeds.
await()
{
	local end=$(($(date +%s) + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $end ] || return 1
		sleep 0.2
	done
}

# guest_xml NAME [memory=MiB] [vcpus=N] [kernel=FILE] [initrd=[FILE]] [cmdline=WORDS] [disk=FILE|DEVICE[,FORMAT]]...
# [cdrom=FILE] [bridge=NAME[,MAC]]...: writes NAME's description and prints the file's name.
guest_xml()
{
	local name=$1 memory=128 vcpus=1 kernel=$LAB_KERNEL_ELF initrd=$LAB_INITRD letter=a
	local cmdline='' devices='' word value

	shift
	for word; do
		value=${word#*=}
		case $word in
		memory=*) memory=$value ;;
		vcpus=*) vcpus=$value ;;
		kernel=*) kernel=$value ;;
		initrd=*) initrd=$value ;;
		cmdline=*) cmdline=$value ;;
		disk=*)
			devices="$devices$(disk_xml "${value%%,*}" "${value#"${value%%,*}"}" $letter)"
			letter=$(echo $letter | tr a-y b-z)
			;;
		bridge=*) devices="$devices$(interface_xml "${value%%,*}" "${value#"${value%%,*}"}")" ;;
		*) fail "guest_xml: $word" ;;
		esac
	done
	cat >"$LAB_DIR/$name.xml" <<-XML
	<domain type='tenon'>
	  <name>$name</name>
	  <memory unit='MiB'>$memory</memory>
	  <vcpu>$vcpus</vcpu>
	  <os>
	    <type arch='x86_64' machine='xenpv'>linux</type>
	    <kernel>$kernel</kernel>
	    ${initrd:+<initrd>$initrd</initrd>}
	    <cmdline>console=hvc0 host=$name $cmdline</cmdline>
	  </os>
	  <devices>
	    $devices
	    <console type='pty'/>
	  </devices>
	</domain>
	XML
	echo "$LAB_DIR/$name.xml"
}

disk_xml()
{
	local format=${2#,} type=file source=file

	[ -b "$1" ] && type=block source=dev
	echo "<disk type='$type'><driver type='${format:-raw}'/><source $source='$1'/><target dev='xvd$3'/></disk>"
}

interface_xml()
{
	local mac=${2#,}

	echo "<interface type='bridge'><source bridge='$1'/>${mac:+<mac address='$mac'/>}</interface>"
}

# create NAME [WORD]...: creates the domain that guest_xml describes.
create()
{
	local from

	# A console's log outlives its guest; what counts is what the new one will say.
	from=$(stat -c %s "$(guest_log "$1")" 2>/dev/null)
	echo "${from:-0}" >"$LAB_DIR/$1.from"
	must tenon create "$(guest_xml "$@")"
}

# guest_log NAME: the file with its console.
guest_log()
{
	echo "/var/log/tenon/console/$1.log"
}

# guest_said NAME: what is on its console since its creation.
guest_said()
{
	tail -c "+$(($(cat "$LAB_DIR/$1.from" 2>/dev/null || echo 0) + 1))" "$(guest_log "$1")"
}

guest_said_text()
{
	guest_said "$1" | grep -Eaq "$2"
}

# guest_says NAME TEXT [SECONDS]: until TEXT (an extended regular expression) is there.
guest_says()
{
	await "${3:-120}" guest_said_text "$1" "$2"
}

# guest_up NAME: until its init is through.
guest_up()
{
	guest_says "$1" 'GUEST: ready' 240 || fail "$1 did not come up"
}

# reach ADDRESS: until a guest answers pings; dom0's end of its interface may come up after the guest's.
reach()
{
	await 60 ping -q -c 1 -W 1 "$1" || fail "$1 cannot be reached"
}

# guest_run ADDRESS COMMAND...: runs it in a guest through the network, with its output and status.
guest_run()
{
	local address=$1 answer

	shift
	answer=$(printf '{\n%s\n} 2>&1 </dev/null\necho "status $?"\nexit\n' "$*" |
		socat -t 300 -T 300 - "TCP:$address:4000,retry=20,interval=0.5") || return 255
	echo "$answer" | sed '$d'
	return "$(echo "$answer" | sed -n '$s/.*status //p')"
}

# guest_gone NAME [SECONDS]: until no domain has this name.
guest_gone()
{
	await "${2:-60}" sh -c "! tenon info '$1'" || fail "$1 is still there"
}

# daemon_pid NAME: the process that /lab/supervise started last.
daemon_pid()
{
	cat "/run/lab/pid.$1"
}

# kill_daemon NAME: with SIGKILL, and waits until its successor runs.
kill_daemon()
{
	local old

	old=$(daemon_pid "$1")
	kill -9 "$old"
	await 30 sh -c "[ \"\$(cat /run/lab/pid.$1)\" != $old ]" || fail "$1 did not come back"
	say "$1 killed and started again"
}

# no_leftovers: nothing of a domain that is gone remains in dom0.
no_leftovers()
{
	local left

	left=$(ls -d /sys/class/net/vif* /sys/bus/xen-backend/devices/* 2>/dev/null)
	[ -z "$left" ] || fail "left behind: $left"
	# /dev/nbd15 is the shared disk of tests/lab/pair.
	left=$(losetup -a; pgrep -a qemu-nbd | grep -v ' -c /dev/nbd15 ')
	[ -z "$left" ] || fail "left behind: $left"
}

# nmis_answered: dom0's processors send each other NMIs, and each tells where it is.
nmis_answered()
{
	echo l >/proc/sysrq-trigger
	await 20 sh -c "[ \$(dmesg | grep -c 'NMI backtrace for cpu') = $(nproc) ]" || fail "a processor does not answer an NMI"
}

# quiet_kernel: dom0's own kernel complained of nothing.
quiet_kernel()
{
	local bad

	bad=$(dmesg | grep -E "$LAB_COMPLAINTS") || return 0
	fail "dom0's kernel says: $bad"
}
