# A Slurm of one's own on this one machine, for a test: munge, slurmctld and slurmd with their own configuration, ports and
# key, all in the folder $1. Sourced; slurm_begin, then slurm_end whatever happened. $slurm_why says why it did not begin.
slurm_why="" slurm_pids=()
slurm_free_port() {
    local port
    while port=$((RANDOM % 20000 + 20000)) && (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}
slurm_begin() { # folder
    local dir=$1 needed user host
    PATH=$PATH:/usr/sbin:/sbin
    for needed in munged slurmctld slurmd sbatch srun; do
        command -v $needed >/dev/null || { slurm_why="$needed is missing (Debian: slurm-wlm munge)" && return 1; }
    done
    user=$(id -un) host=$(hostname -s)
    mkdir -p "$dir/state" "$dir/spool" && head -c 128 /dev/urandom >"$dir/munge.key" && chmod 600 "$dir/munge.key" || return
    cat >"$dir/slurm.conf" <<END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
SlurmctldPort=$(slurm_free_port)
SlurmdPort=$(slurm_free_port)
AuthType=auth/munge
AuthInfo=socket=$dir/munge.sock
CredType=cred/munge
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
MpiDefault=none
ReturnToService=2
KillWait=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=4 RealMemory=100 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
    : >"$dir/cgroup.conf"
    export SLURM_CONF=$dir/slurm.conf
    munged --force --foreground --socket="$dir/munge.sock" --key-file="$dir/munge.key" --pid-file="$dir/munged.pid" \
        --log-file="$dir/munged.log" --seed-file="$dir/munge.seed" --num-threads=2 >"$dir/munged.out" 2>&1 &
    slurm_pids=($!)
    for _ in $(seq 50); do [ -S "$dir/munge.sock" ] && break || sleep 0.1; done
    slurmctld -D -c -f "$dir/slurm.conf" >"$dir/slurmctld.out" 2>&1 &
    slurm_pids=($! "${slurm_pids[@]}")
    slurmd -D -f "$dir/slurm.conf" -N "$host" >"$dir/slurmd.out" 2>&1 &
    slurm_pids=($! "${slurm_pids[@]}")
    for _ in $(seq 100); do
        timeout 5 sinfo -h -o %t 2>/dev/null | grep -q idle && return
        sleep 0.1
    done
    slurm_why="it does not start here: $(tail -q -n 1 "$dir"/*.log | tr '\n' ' ')"
    return 1
}
# In the order in which they were given work: nobody is left waiting for another.
slurm_end() {
    local pid
    [ ${#slurm_pids[@]} -gt 0 ] || return 0
    timeout 5 scancel --full --signal=KILL --user="$(id -un)" 2>/dev/null
    for pid in "${slurm_pids[@]}"; do
        kill "$pid" 2>/dev/null
        for _ in $(seq 30); do kill -0 "$pid" 2>/dev/null && sleep 0.1 || break; done
        kill -9 "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    slurm_pids=()
}
