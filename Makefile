# gatewalk: `make demo` shows the main job, `make test` proves it. Everything built goes to .build/.
BUILD   ?= .build
CC      ?= gcc
OPT     ?= -O2
# Several binaries of different flags can live side by side: make BUILD=.build/asan SAN=1
STD     := -std=c17 -D_GNU_SOURCE
WARN    := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
# Results must not depend on what the compiler fuses: vector kernels ask for FMA explicitly.
FLOAT   := -ffp-contract=off -fno-fast-math
CFLAGS  ?= $(OPT) -g -fno-omit-frame-pointer
ifdef SAN
CFLAGS  += -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS += -fsanitize=address,undefined
endif
ALL_CFLAGS := $(STD) $(WARN) $(FLOAT) -fopenmp -iquote . -iquote include $(CFLAGS)
# What the kernels of one instruction set are compiled with.
ISA_AVX2   := -mavx2 -mfma
ISA_AVX512 := -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma
LIBS    := -lcjson -lcsv -larchive -lz -lxxhash -lopenblas -fopenmp -lm

SRC     := $(filter-out engine/main.c,$(sort $(shell find engine models strategies reports -name '*.c')))
# models/kernels/isa_*.c are instantiated once per instruction set; these rooms once per precision. Work is done in
# float32 alone: the float64 instances are what tests compare it with, and stand in an archive of their own.
DUAL    := $(addsuffix /%,$(addprefix models/,attention encoder loss optimizer schedule network training))
ISA_SRC := $(filter models/kernels/isa_%.c,$(SRC))
DUAL_SRC := $(filter $(DUAL),$(SRC))
F64_SRC := models/kernels/reference.c
ONE_SRC := $(filter-out $(ISA_SRC) $(DUAL_SRC) $(F64_SRC),$(SRC))
OBJ     := $(ONE_SRC:%.c=$(BUILD)/%.o) $(DUAL_SRC:%.c=$(BUILD)/%.f32.o) \
           $(foreach isa,portable avx2 avx512,$(ISA_SRC:%.c=$(BUILD)/%.$(isa).o))
# gnuplot scripts are linked in: every x.gp is a string script_x.
SCRIPTS := $(sort $(shell find reports -name '*.gp'))
OBJ     += $(SCRIPTS:%=$(BUILD)/%.o)
LIB     := $(BUILD)/libgatewalk.a
OBJ_F64 := $(DUAL_SRC:%.c=$(BUILD)/%.f64.o) $(F64_SRC:%.c=$(BUILD)/%.o)
LIB_F64 := $(BUILD)/libgatewalk_f64.a
# Tests are programs and scripts.
TESTS   ?= $(sort $(wildcard tests/*/test_*.c tests/*/test_*.sh))
TEST_BIN := $(patsubst %.c,$(BUILD)/%,$(filter %.c,$(TESTS))) $(filter %.sh,$(TESTS))

# The sources that decide a fit. Their hash is compiled in and is part of every stored fit's key (engine/walk/fit_key.c):
# when one of them changes, fits of before are done again. tests/house/test_source_hash.sh checks that none is missing.
DECIDING := include engine/base engine/market models $(wildcard $(addprefix engine/walk/,*.h fit*.c fold_data.c prepare.c)) \
            $(addprefix engine/score/,average_precision.c ranking.c ranking.h top_k.c)
FIT_SRC  := $(sort $(shell find $(DECIDING) -name '*.[ch]' -o -name '*.def'))
# Flags count as well, but for those that change no bit of a result (tests/golden/compilers.sh).
FIT_FLAGS := $(filter-out -W% -g% -O0 -O1 -O2 -O3 -Og -Os -fno-omit-frame-pointer -fsanitize% -fno-sanitize%,\
             $(STD) $(FLOAT) $(CFLAGS)) avx2: $(ISA_AVX2) avx512: $(ISA_AVX512)

.PHONY: all demo deps test bench bench-peers lib tests-build layers headers format format-check clean FORCE
all: gatewalk

gatewalk: $(BUILD)/engine/main.o $(BUILD)/commit.o $(LIB)
	@echo "link    $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

lib: $(LIB)
$(LIB): $(OBJ)
$(LIB_F64): $(OBJ_F64)
$(LIB) $(LIB_F64):
	@rm -f $@
	@$(AR) rcs $@ $^

# $(call compile,extra flags)
define compile
	@mkdir -p $(@D)
	@echo "compile $<$(if $(1), [$(patsubst -DGW_%,%,$(firstword $(1)))])"
	@$(CC) $(ALL_CFLAGS) $(1) -MMD -MP -c -o $@ $<
endef
# Made by every make, touched only when it says something new: $(call keep,file), the new text being in file.new
keep = cmp -s $(1).new $(1) && rm $(1).new || mv $(1).new $(1)
$(BUILD):
	@mkdir -p $@
# Objects of other flags are not this build's.
$(OBJ) $(OBJ_F64) $(BUILD)/engine/main.o: $(BUILD)/flags
$(BUILD)/flags: FORCE | $(BUILD)
	$(file >$@.new,$(CC) $(ALL_CFLAGS) avx2: $(ISA_AVX2) avx512: $(ISA_AVX512))
	@$(call keep,$@)
$(BUILD)/engine/base/core/build.o: private ALL_CFLAGS += -iquote $(BUILD)
$(BUILD)/engine/base/core/build.o: $(BUILD)/source_hash.h
$(BUILD)/source_hash.h: FORCE | $(BUILD)
	$(file >$@.flags,$(FIT_FLAGS))
	@sha256sum $(FIT_SRC) >$@.list && cat $@.flags >>$@.list && hash=$$(sha256sum <$@.list) && \
	    echo "#define GW_SOURCE_HASH \"$${hash%% *}\"" >$@.new
	@$(call keep,$@)
# Linked into the program alone: a new commit links it again and compiles nothing else.
$(BUILD)/commit.c: FORCE | $(BUILD)
	@commit=$$([ -e .git ] && git describe --always --dirty 2>/dev/null) || commit="unknown commit"; \
	    printf '#include "gatewalk/version.h"\nconst char *gw_build_commit(void) { return "%s"; }\n' "$$commit" >$@.new
	@$(call keep,$@)
$(BUILD)/commit.o: $(BUILD)/commit.c
	$(call compile)
$(BUILD)/%.o: %.c
	$(call compile)
$(BUILD)/%.f32.o: %.c
	$(call compile,-DGW_REAL_F32)
$(BUILD)/%.f64.o: %.c
	$(call compile,-DGW_REAL_F64)
$(BUILD)/%.portable.o: %.c
	$(call compile,-DGW_ISA_PORTABLE)
$(BUILD)/%.avx2.o: %.c
	$(call compile,-DGW_ISA_AVX2 $(ISA_AVX2))
$(BUILD)/%.avx512.o: %.c
	$(call compile,-DGW_ISA_AVX512 $(ISA_AVX512))
# The assembler takes the file as it stands and ends it like a C string; the last line keeps the stack not executable.
$(BUILD)/%.gp.o: %.gp
	@mkdir -p $(@D)
	@echo "embed   $<"
	@printf '%s\n' '.section .rodata' '.global script_$(*F)' '.type script_$(*F), %object' 'script_$(*F):' '.incbin "$<"' \
	    '.byte 0' '.size script_$(*F), . - script_$(*F)' '.section .note.GNU-stack,"",%progbits' | $(CC) -c -x assembler -o $@ -

$(BUILD)/tests/%: tests/%.c $(LIB_F64) $(LIB)
	@mkdir -p $(@D)
	@echo "compile $<"
	@$(CC) $(ALL_CFLAGS) -iquote tests -MMD -MP $(LDFLAGS) -o $@ $< $(LIB_F64) $(LIB) -lcmocka $(LIBS)

tests-build: $(TEST_BIN)
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# ---- the two commands ---------------------------------------------------------------------------

deps:
	@.ci/install-deps

# The main job on data that ships with the project.
demo: deps
	@$(MAKE) --no-print-directory -j$(shell nproc) gatewalk
	@./gatewalk run strategies/demo.json

test: deps
	@$(MAKE) --no-print-directory -j$(shell nproc) gatewalk tests-build
	@BUILD=$(BUILD) .ci/run-tests $(BUILD)/test-logs $(TEST_BIN)

# ---- how fast ---------------------------------------------------------------------------------------

bench: gatewalk
	@./gatewalk bench all --csv | tee $(BUILD)/bench.csv
# Needs python3-torch; prints the ratio to PyTorch on this machine.
bench-peers: gatewalk
	@/usr/bin/python3 tests/bench/peers_torch.py ./gatewalk

# ---- the house rules ------------------------------------------------------------------------------

# Arrows point down, by symbols: .ci/rooms is the table.
layers: gatewalk
	@.ci/layers $(BUILD)
# Every public header stands on its own.
headers:
	@for h in include/gatewalk/*.h; do echo "#include \"$$h\"" | $(CC) $(STD) $(WARN) -iquote . -iquote include -fsyntax-only -x c - || exit 1; done
format:
	clang-format -i $(shell git ls-files -co --exclude-standard '*.c' '*.h')
format-check:
	@clang-format --dry-run -Werror $(shell git ls-files '*.c' '*.h')
clean:
	rm -rf $(BUILD) gatewalk
