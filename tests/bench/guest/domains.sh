# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by the scripts that run in dom0 of a measured machine; $kind says what is below it: xen or tenon.
# Guests are the stock kernel with an initial file system of the lab's, and the same in every respect on both.

. /lab/lib.sh
BENCH_DIR=/var/tmp/bench	# on the disk: some initial file systems are a large part of dom0's memory
mkdir -p "$BENCH_DIR" /var/log/tenon/console

# bench_initrd CPIO: an initial file system with the archive over the lab's; prints its name. Not compressed:
# Xen's tools take the first part of a compressed file for the whole.
bench_initrd()
{
	local file=$BENCH_DIR/initrd-${1##*/}

	[ -e "$file" ] || { zcat "$LAB_INITRD"; cat "$1"; } >"$file"
	echo "$file"
}

# describe NAME [WORD]...: writes what create_guest needs; words as guest_xml of the lab has them, and
# processor=NUMBER, the only one that the guest's vcpus may run on.
describe()
{
	local name=$1 processor='' word
	local words=()

	if [ "$kind" = tenon ]; then
		for word in "${@:2}"; do
			case $word in
			processor=*) processor=${word#processor=} ;;
			*) words+=("$word") ;;
			esac
		done
		guest_xml "$name" "${words[@]}" >/dev/null
		[ -z "$processor" ] || sed -i "s/<vcpu>/<vcpu cpuset='$processor'>/" "$LAB_DIR/$name.xml"
	else
		xl_config "$@" >"$BENCH_DIR/$1.cfg"
	fi
}

xl_config()
{
	local name=$1 memory=128 vcpus=1 kernel=$LAB_KERNEL initrd=$LAB_INITRD disks='' vifs='' cmdline=''
	local processors=all ramdisk='' word value

	shift
	for word; do
		value=${word#*=}
		case $word in
		memory=*) memory=$value ;;
		vcpus=*) vcpus=$value ;;
		kernel=*) kernel=$value ;;
		initrd=*) initrd=$value ;;
		cmdline=*) cmdline=$value ;;
		disk=*) disks="'phy:$value,xvda,w'" ;;
		bridge=*) vifs="'bridge=$value'" ;;
		processor=*) processors=$value ;;
		*) fail "xl_config: $word" ;;
		esac
	done
	[ -z "$initrd" ] || ramdisk="ramdisk = '$initrd'"
	cat <<-CFG
	name = "$name"
	kernel = "$kernel"
	$ramdisk
	memory = $memory
	vcpus = $vcpus
	cpus = "$processors"
	extra = "console=hvc0 host=$name $cmdline"
	disk = [ $disks ]
	vif = [ $vifs ]
	tsc_mode = "native"
	CFG
}

# create_guest NAME [COMMAND]...: creates what was described, by COMMAND (measure with its words) if there is
# one.
create_guest()
{
	local name=$1

	shift
	if [ "$kind" = tenon ]; then
		"$@" tenon create ${PAUSED:-} "$LAB_DIR/$name.xml" >&2
	else
		"$@" xl create -q ${PAUSED:-} "$BENCH_DIR/$name.cfg" >&2
	fi
}

# destroy_guest NAME [COMMAND]...
destroy_guest()
{
	local name=$1

	shift
	if [ "$kind" = tenon ]; then
		"$@" tenon destroy "$name" >&2
	else
		"$@" xl destroy "$name" >&2
	fi
}

unpause_guest()
{
	if [ "$kind" = tenon ]; then
		tenon unpause "$1" >&2
	else
		xl unpause "$1"
	fi
}

domain_number()
{
	if [ "$kind" = tenon ]; then
		tenon info --json "$1" | jq .id
	else
		xl domid "$1"
	fi
}

# sample NAME FUNCTION GUEST: FUNCTION (one of the two above) measured as a row, which alone goes to standard
# output.
sample()
{
	"$2" "$3" /root/measure "$1" guest 1 2>"$BENCH_DIR/said" || { cat "$BENCH_DIR/said" >&2; exit 1; }
	grep '^row|' "$BENCH_DIR/said"
}

# bench_log NAME: the file with a guest's console.
bench_log()
{
	[ "$kind" = tenon ] && guest_log "$1" || echo "/var/log/xen/console/guest-$1.log"
}

# job_result NAME: waits for the end of a guest's job and prints what it printed; status: the job's. Nobody runs in
# dom0 meanwhile: that would be counted with what is measured.
job_result()
{
	local log

	log=$(bench_log "$1")
	if ! timeout 300 tail -n +1 -F "$log" 2>/dev/null | grep -aqm 1 'BENCH: end'; then
		tail -n 30 "$log" >&2
		return 1
	fi
	tr -d '\r' <"$log" | sed -n '/BENCH: begin/,/BENCH: end/p'
	return "$(tr -d '\r' <"$log" | sed -n 's/.*BENCH: end //p')"
}
