/* A batch script for Slurm. What Slurm reads are comments before the first command, made of checked words alone; all that a
 * user's files are called comes after it, quoted for bash. */
#include "slurm.h"

#include <ctype.h>
#include <string.h>

#include "gatewalk/version.h"

/* ---- words ------------------------------------------------------------------------------------------------- */

static int check_word(const char *option, const char *word) {
    static const char others[] = "_.,:@+-";
    if (!word) return GW_OK;
    for (const char *c = word; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr(others, *c))
            FAIL(GW_ERR_USAGE, "%s: takes letters, digits and \"%s\" alone", option, others);
    if (!*word || *word == '-') FAIL(GW_ERR_USAGE, "%s: begins with a letter or a digit", option);
    return GW_OK;
}

/* Slurm's forms: minutes, MM:SS, HH:MM:SS, D-HH, D-HH:MM, D-HH:MM:SS. */
static bool is_time(const char *text) {
    static const char *const form[] = {"9", "9:9", "9:9:9", "9-9", "9-9:9", "9-9:9:9"};
    char shape[16];
    size_t n = 0;
    for (const char *c = text; *c && n < sizeof shape - 1; c++) {
        bool digit = *c >= '0' && *c <= '9';
        if (!digit || n == 0 || shape[n - 1] != '9') shape[n++] = digit ? '9' : *c;
    }
    shape[n] = '\0';
    for (size_t i = 0; i < COUNT_OF(form); i++)
        if (strcmp(shape, form[i]) == 0 && strlen(text) < 20) return true;
    return false;
}

int slurm_check(const struct slurm_job *job) {
    TRY(check_word("--partition", job->partition));
    TRY(check_word("--account", job->account));
    TRY(check_word("--memory", job->memory));
    TRY(check_word("--mpi", job->mpi));
    if (!is_time(job->time))
        FAIL(GW_ERR_USAGE, "--time: give minutes, HH:MM:SS or days-HH:MM:SS, as in 90, 12:00:00 or 2-00:00:00");
    return GW_OK;
}

/* One word for bash whatever is in it. Bytes that would begin a line of their own, or that a terminal would take for more
 * than letters, are written by their numbers. */
static void put_word(FILE *out, const char *word) {
    bool plain = true;
    for (const char *c = word; *c; c++) plain = plain && (unsigned char)*c >= ' ' && (unsigned char)*c < 127;
    fputs(plain ? "'" : "$'", out);
    for (const char *c = word; *c; c++) {
        unsigned char byte = (unsigned char)*c;
        if (plain && *c == '\'')
            fputs("'\\''", out);
        else if (!plain && (byte < ' ' || byte >= 127 || byte == '\'' || byte == '\\'))
            fprintf(out, "\\%03o", byte);
        else
            fputc(*c, out);
    }
    fputc('\'', out);
}

/* A job's name: what of the experiment's is harmless anywhere. */
static void put_name(FILE *out, const char *name) {
    fputs("gatewalk-", out);
    for (const char *c = name; *c; c++) fputc(isalnum((unsigned char)*c) || strchr("_.-", *c) ? *c : '_', out);
}

/* ---- the parts ---------------------------------------------------------------------------------------------- */

static void put_directives(const struct slurm_job *job, FILE *out) {
    fputs("#SBATCH --job-name=", out);
    put_name(out, job->name);
    fprintf(out, "\n#SBATCH --time=%s\n#SBATCH --cpus-per-task=%zu\n", job->time, job->threads);
    if (job->shares)
        fprintf(out, "#SBATCH --array=1-%zu\n#SBATCH --ntasks=1\n", job->shares);
    else
        fprintf(out, "#SBATCH --nodes=%zu\n#SBATCH --ntasks-per-node=%zu\n", job->nodes, job->ranks);
    if (job->partition) fprintf(out, "#SBATCH --partition=%s\n", job->partition);
    if (job->account) fprintf(out, "#SBATCH --account=%s\n", job->account);
    if (job->memory) fprintf(out, "#SBATCH --mem-per-cpu=%s\n", job->memory);
    fprintf(out,
            "#SBATCH --requeue\n#SBATCH --signal=B:USR1@%zu\n#SBATCH --open-mode=append\n#SBATCH --output=", job->lead);
    put_name(out, job->name);
    fprintf(out, "-%s.log\n", job->shares ? "%A_%a" : "%j");
}

static const char *no_report(const struct slurm_job *job) { return job->no_report ? " --no-report" : ""; }

static void put_run(const struct slurm_job *job, FILE *out) {
    fprintf(out, "\"$program\" run --jobs %zu --out \"$out\"%s", job->threads, no_report(job));
    for (size_t i = 0; i < job->n_options; i++) {
        fputc(' ', out);
        put_word(out, job->option[i]);
    }
}

/* `work` does the job in the background as $step and `interrupt` asks it to end. A trap ends a wait early, hence the loop. */
static const char again[] =
    "# Killed, out of time or on a node that died: what is finished is kept, and the same job goes on with the rest.\n"
    "stopping=\n"
    "trap 'stopping=yes; interrupt' USR1\n"
    "while :; do\n"
    "    wait \"$step\"\n"
    "    status=$?\n"
    "    kill -0 \"$step\" 2>/dev/null || break\n"
    "done\n"
    "if [ $status -ne 0 ] && { [ -n \"$stopping\" ] || [ $status -ge 128 ]; }; then\n"
    "    if [ \"${SLURM_RESTART_COUNT:-0}\" -lt 50 ]; then\n"
    "        echo \"gatewalk: ended with status $status; the job goes on where it was\"\n"
    "        scontrol requeue \"$job\" && sleep 60\n"
    "    fi\n"
    "fi\n"
    "exit $status\n";

static void put_mpi(const struct slurm_job *job, FILE *out) {
    fputs("job=$SLURM_JOB_ID\ninterrupt() { scancel --signal=TERM \"$job\"; }\n", out);
    fprintf(out, "srun --mpi=%s --cpus-per-task=%zu --kill-on-bad-exit=1 ", job->mpi, job->threads);
    put_run(job, out);
    fputs(" -- \"$experiment\" &\nstep=$!\n", out);
    fputs(again, out);
}

static void put_array(const struct slurm_job *job, FILE *out) {
    /* The number alone of one of its tasks is that of the whole array. */
    fputs("job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID\ninterrupt() { kill -TERM \"$step\"; }\n", out);
    fprintf(out,
            "if [ \"$SLURM_ARRAY_TASK_ID\" -eq 0 ]; then\n"
            "    shares=()\n"
            "    for ((i = 1; i <= %zu; i++)); do shares+=(\"$out.shard-$i-of-%zu\"); done\n"
            "    \"$program\" merge --jobs %zu --out \"$out\"%s -- \"${shares[@]}\" &\n"
            "else\n    ",
            job->shares, job->shares, job->threads, no_report(job));
    put_run(job, out);
    fprintf(out, " --shard \"$SLURM_ARRAY_TASK_ID/%zu\" -- \"$experiment\" &\nfi\nstep=$!\n", job->shares);
    fputs(again, out);
}

static const char submit[] =
    "if [ -z \"${SLURM_ARRAY_TASK_ID:-}\" ]; then\n"
    "    shares=$(sbatch --parsable \"$0\") || exit\n"
    "    exec sbatch --array=0 --dependency=afterok:\"${shares%%;*}\" --kill-on-invalid-dep=yes \"$0\"\n"
    "fi\n";

void slurm_write(const struct slurm_job *job, FILE *out) {
    fputs("#!/bin/bash\n", out);
    fprintf(out, "# Made by gatewalk " GW_VERSION "%s\n",
            job->shares ? ". `bash FILE` submits the shares and, after all of them, what merges them."
                        : "; submit it by `sbatch FILE`.");
    put_directives(job, out);
    fputs("set -u\n", out);
    if (job->shares) fputs(submit, out);
    fputs("cd -- ", out);
    put_word(out, job->dir);
    fputs(" || exit 1\nprogram=", out);
    put_word(out, job->program);
    fputs("\nexperiment=", out);
    put_word(out, job->experiment);
    fputs("\nout=", out);
    put_word(out, job->out);
    fputs("\n\n", out);
    if (job->shares)
        put_array(job, out);
    else
        put_mpi(job, out);
}
