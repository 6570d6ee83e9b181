/* Whether products may run on the tile registers of AMX here. */
#ifndef GATEWALK_KERNELS_AMX_H
#define GATEWALK_KERNELS_AMX_H

#include "amx_tiles.h"
#include "kernels.h"

extern const struct kernels_f32 kernels_mixed_amx, kernels_mixed_amx_soft; /* the first with KERNELS_HAVE_AMX */

/* The CPU has AMX with bf16 and tiles of the size we configure, the system keeps their state, and it lets this process
 * use them; asks for that. */
bool amx_hardware(void);

/* Products, a recurrent layer and its gradients of two tables are equal in every byte. Runs both. false without memory. */
bool amx_agrees(const struct kernels_f32 *native, const struct kernels_f32 *emulated);

/* `hardware` says yes, and then the native table gives what its emulation gives: nothing of the native one runs
 * before. */
bool amx_accepts(bool (*hardware)(void), const struct kernels_f32 *native, const struct kernels_f32 *emulated);

/* amx_accepts of the real ones, found out at the first call and kept. For any thread. */
bool amx_usable(void);

#endif
