#!/bin/sh
# cluster.sh DMALAB: a manifest played by GNU parallel and by a Slurm cluster of one node, which lives
# in a folder of its own, and merged: the bytes are those of one run on this machine. What is not
# installed is left out, and said so.

dmalab=$1
room=$(mktemp -d)
lab=$(ls -d labs/01-*)
. tests/grade/claims.sh
daemons=

end() {
	for daemon in $daemons; do
		kill "$daemon" 2>/dev/null
	done
	wait
	rm -rf "$room"
}
trap end EXIT

installed() {
	for program; do
		command -v "$program" >/dev/null || return 1
	done
}

class="$room/a class"
mkdir "$class"
for i in $(seq 8); do
	cp "$lab/start.lua" "$class/s$i.lua"
	cp "$lab/solution.lua" "$class/it's \$(x) $i.lua"
done
"$dmalab" grade 01 "$class" -o "$room/local" >/dev/null

manifest() {
	"$dmalab" grade --manifest 01 "$class" -o "$room/$1" >"$room/$1.list"
}

merged() {
	"$dmalab" grade --merge "$room/$1" --exit-zero >/dev/null && diff -r "$room/local" "$room/$1"
}

claim "a manifest has a line for each" sh -c \
	"'$dmalab' grade --manifest 01 '$class' -o '$room/m' | wc -l | grep -qx 16"
manifest shell
claim "a shell plays it from anywhere" sh -c "cd / && sh '$room/shell.list'"
claim "to the bytes of the local run" merged shell

if installed parallel; then
	manifest parallel
	claim "GNU parallel plays it" sh -c "cd / && parallel --jobs 4 <'$room/parallel.list'"
	claim "to the bytes of the local run" merged parallel
else
	echo "# GNU parallel is left out: it is not installed (package parallel)"
fi

# A cluster of one node ------------------------------------------------------------------------

node=$(hostname -s)
port=$((20000 + $$ % 20000))

configure() {
	mkdir "$room/state" "$room/spool"
	head -c 1024 /dev/urandom >"$room/munge.key"
	chmod 700 "$room"
	chmod 400 "$room/munge.key"
	cat >"$room/slurm.conf" <<-END
		ClusterName=test
		SlurmctldHost=$node(127.0.0.1)
		SlurmUser=root
		SlurmctldPort=$port
		SlurmdPort=$((port + 1))
		AuthType=auth/munge
		AuthInfo=socket=$room/munge.socket
		CredType=cred/munge
		StateSaveLocation=$room/state
		SlurmdSpoolDir=$room/spool
		SlurmctldPidFile=$room/slurmctld.pid
		SlurmdPidFile=$room/slurmd.pid
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		SelectType=select/cons_tres
		SelectTypeParameters=CR_CPU
		SchedulerParameters=batch_sched_delay=0,sched_interval=2
		ReturnToService=2
		NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
		PartitionName=all Nodes=$node Default=YES State=UP MaxTime=10
	END
}

# start NAME COMMAND...: a daemon that ends with us
start() {
	log=$room/$1.log
	shift
	"$@" >"$log" 2>&1 &
	daemons="$! $daemons"
}

cluster() {
	configure
	export SLURM_CONF="$room/slurm.conf"
	start munged munged --foreground --force --key-file="$room/munge.key" \
		--socket="$room/munge.socket" --pid-file="$room/munge.pid" \
		--log-file="$room/munge.log" --seed-file="$room/munge.seed"
	for i in $(seq 50); do [ -S "$room/munge.socket" ] && break; sleep 0.1; done
	start slurmctld slurmctld -D -f "$room/slurm.conf"
	start slurmd slurmd -D -f "$room/slurm.conf"
	for i in $(seq 100); do
		sinfo -h -o %T 2>/dev/null | grep -qx idle && return 0
		sleep 0.2
	done
	cat "$room"/*.log
	return 1
}

if [ "$(id -u)" -ne 0 ]; then
	echo "# Slurm is left out: only root can start a cluster of its own"
elif ! installed slurmctld slurmd sbatch munged; then
	echo "# Slurm is left out: it is not installed (packages slurm-wlm, munge)"
elif claim "a cluster of one node starts" cluster; [ "$failed" -eq 0 ]; then
	manifest slurm
	claim "a job array plays it" sbatch --wait --array=1-16 --output="$room/job-%a" --chdir=/ \
		--wrap "sed -n \"\${SLURM_ARRAY_TASK_ID}p\" '$room/slurm.list' | sh"
	claim "to the bytes of the local run" merged slurm
fi

close_claims
