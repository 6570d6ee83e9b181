/* The files of models/ are compiled twice: float32 for work (GW_REAL_F32) and float64 as the precise reference that the
 * gradient checks and goldens run on (GW_REAL_F64). R(name) gives each its own symbol. */
#ifndef GATEWALK_MODELS_REAL_H
#define GATEWALK_MODELS_REAL_H

#if defined(GW_REAL_F64)
typedef double real;
#define R(name) name##_f64
#else
typedef float real;
#define R(name) name##_f32
#endif

#endif
