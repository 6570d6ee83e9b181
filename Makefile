# gatewalk: `make demo` shows the main job, `make test` proves it. Everything built goes to .build/.
BUILD   ?= .build
comma   := ,
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
# One set of objects serves the program, both libraries and the tests: position-independent, and showing only what the
# public headers mark (include/gatewalk/decls.h). Measured beside -fPIE with everything visible it is as fast.
SHOW    := -fPIC -fvisibility=hidden
ALL_CFLAGS := $(STD) $(WARN) $(FLOAT) $(SHOW) -fopenmp -iquote . -iquote include $(CFLAGS)
# What the kernels of one instruction set are compiled with.
ISA_AVX2   := -mavx2 -mfma
ISA_AVX512 := -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma
LIBS    := -lcjson -lcsv -larchive -lz -lxxhash -lsqlite3 -fopenmp -lm

SRC     := $(filter-out engine/main.c engine/cluster/mpi_module.c,$(sort $(shell find engine models strategies reports -name '*.c')))
# models/kernels/isa_*.c are instantiated once per instruction set; these rooms once per precision. Work is done in
# float32 alone: the float64 instances are what tests compare it with, and stand in an archive of their own.
DUAL    := $(addsuffix /%,$(addprefix models/,attention encoder loss optimizer schedule network stream training transformer))
ISA_SRC := $(filter models/kernels/isa_%.c,$(SRC))
DUAL_SRC := $(filter $(DUAL),$(SRC))
F64_SRC := models/kernels/reference.c
ONE_SRC := $(filter-out $(ISA_SRC) $(DUAL_SRC) $(F64_SRC),$(SRC))
OBJ     := $(ONE_SRC:%.c=$(BUILD)/%.o) $(DUAL_SRC:%.c=$(BUILD)/%.f32.o) \
           $(foreach isa,portable avx2 avx512,$(ISA_SRC:%.c=$(BUILD)/%.$(isa).o))
# gnuplot scripts and the store's schema are linked in: every x.gp or x.sql is a string script_x.
SCRIPTS := $(sort $(shell find reports -name '*.gp') $(shell find engine -name '*.sql'))
OBJ     += $(SCRIPTS:%=$(BUILD)/%.o)
# So is what report.html is made of: x.js is embedded_x_js.
PARTS   := $(sort $(shell find reports/html -name '*.js' -o -name '*.css' -o -name '*.html' -o -name LICENSE))
OBJ     += $(PARTS:%=$(BUILD)/%.o)
# Everything, for the program and for tests of the inside; what others link is `make lib`.
LIB     := $(BUILD)/objects.a
OBJ_F64 := $(DUAL_SRC:%.c=$(BUILD)/%.f64.o) $(F64_SRC:%.c=$(BUILD)/%.o)
LIB_F64 := $(BUILD)/objects_f64.a
# Tests are programs and scripts.
TESTS   ?= $(sort $(wildcard tests/*/test_*.c tests/*/test_*.sh))
TEST_BIN := $(patsubst %.c,$(BUILD)/%,$(filter %.c,$(TESTS))) $(filter %.sh,$(TESTS))

# The sources that decide a fit. Their hash is compiled in and is part of every stored fit's key (engine/walk/fit_key.c):
# when one of them changes, fits of before are done again. tests/house/test_source_hash.sh checks that none is missing.
DECIDING := include engine/base engine/market models $(wildcard $(addprefix engine/walk/,*.h fit*.c fold_*.c prepare*.c)) \
            $(addprefix engine/score/,average_precision.c mixture.c mixture.h ranking.c ranking.h top_k.c) \
            $(addprefix strategies/own/,program.c program.h rule.h)
FIT_SRC  := $(sort $(shell find $(DECIDING) -name '*.[ch]' -o -name '*.def'))
# Flags count as well, but for those that change no bit of a result (tests/golden/compilers.sh).
FIT_FLAGS := $(filter-out -W% -g% -O0 -O1 -O2 -O3 -Og -Os -fno-omit-frame-pointer -fsanitize% -fno-sanitize%,\
             $(STD) $(FLOAT) $(CFLAGS)) avx2: $(ISA_AVX2) avx512: $(ISA_AVX512)

.PHONY: all demo deps test calibration faults kills fuzz bench bench-peers lib exports install uninstall tests-build layers layers-objects headers format format-check clean FORCE
all: gatewalk

# What speaks MPI is a module that the program loads under a launcher; without MPI there is none, and nothing is missing.
MPICC   ?= mpicc
MPI_MODULE := $(if $(shell command -v $(MPICC)),$(BUILD)/gatewalk-mpi.so)
$(BUILD)/gatewalk-mpi.so: engine/cluster/mpi_module.c engine/cluster/transport.h | $(BUILD)
	@echo "compile $<"
	@$(MPICC) $(STD) $(WARN) -O2 -fPIC -shared -fvisibility=hidden -o $@ $<

gatewalk: $(BUILD)/engine/main.o $(BUILD)/commit.o $(LIB) | $(MPI_MODULE)
	@echo "link    $@"
	@$(CC) $(LDFLAGS) -o $@ $^ $(LIBS)

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
# $(call embed,name of the string)
define embed
	@mkdir -p $(@D)
	@echo "embed   $<"
	@printf '%s\n' '.section .rodata' '.global $(1)' '.hidden $(1)' '.type $(1), %object' \
	    '$(1):' '.incbin "$<"' '.byte 0' '.size $(1), . - $(1)' '.section .note.GNU-stack,"",%progbits' | $(CC) -c -x assembler -o $@ -
endef
$(BUILD)/%.gp.o: %.gp
	$(call embed,script_$(*F))
$(BUILD)/%.sql.o: %.sql
	$(call embed,script_$(*F))
$(PARTS:%=$(BUILD)/%.o): $(BUILD)/%.o: %
	$(call embed,embedded_$(subst .,_,$(<F)))

$(BUILD)/tests/%: tests/%.c $(LIB_F64) $(LIB)
	@mkdir -p $(@D)
	@echo "compile $<"
	@$(CC) $(ALL_CFLAGS) -iquote tests -MMD -MP $(LDFLAGS) -o $@ $< $(LIB_F64) $(LIB) -lcmocka $(LIBS)

tests-build: $(TEST_BIN) $(BUILD)/tests/faults/preload.so
# Put before the C library of a program that is to meet failures. -fno-builtin: it defines what the compiler knows.
$(BUILD)/tests/faults/preload.so: tests/faults/preload.c $(wildcard tests/faults/*.h) tests/faults/calls.def
	@mkdir -p $(@D)
	@echo "compile $<"
	@$(CC) $(STD) $(WARN) -O1 -g -fno-builtin -fPIC -shared -o $@ $<
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

# Far more of what `make test` tries a sample of: what the C library may refuse, refused; the program killed. EACH places of
# every call and reason in every command (0: all), each a run of its own; hours for all of them.
EACH ?= 40
faults: deps
	@$(MAKE) --no-print-directory -j$(shell nproc) gatewalk $(BUILD)/tests/faults/test_faults $(BUILD)/tests/faults/preload.so
	@FAULTS_EACH=$(EACH) FAULTS_MOST=0 FAULTS_CSV=tests/faults/counts.csv $(BUILD)/tests/faults/test_faults
kills: deps
	@$(MAKE) --no-print-directory -j$(shell nproc) gatewalk $(BUILD)/tests/kills/test_kills $(BUILD)/tests/faults/preload.so
	@KILLS_EACH=$(EACH) KILLS_ANY=$(EACH) KILLS_PAIRS=$(EACH) KILLS_CSV=tests/kills/counts.csv $(BUILD)/tests/kills/test_kills
	@tests/kills/mpi_kills.sh 200

# Are the tests of a verdict what they say? SERIES markets of each kind in which nothing can be predicted, judged as a run is; half
# an hour on two cores. DATA="a.csv b.csv": real bars to shuffle, beside or instead of what ships with the project.
SERIES ?= 1000
calibration: deps
	@$(MAKE) --no-print-directory -j$(shell nproc) $(BUILD)/tests/calibration/test_calibration
	@CALIBRATION_SERIES=$(SERIES) CALIBRATION_DATA="$(DATA)" CALIBRATION_CSV=$(BUILD)/rates.csv CALIBRATION_PLOT=$(BUILD)/rates.txt \
	    $(BUILD)/tests/calibration/test_calibration; status=$$?; \
	    [ $$status -gt 127 ] || mv $(BUILD)/rates.csv $(BUILD)/rates.txt tests/calibration/; exit $$status

# Fuzzing with coverage: every target of tests/fuzz/targets.def under libFuzzer with ASan and UBSan, MINUTES each (or HOURS),
# 512 MB and 10 s for one input. Corpora grow in .build/fuzz/corpus; tests/fuzz/counts.csv has the figures; exit 1 on a finding,
# whose input is left beside them. TARGETS="import model" takes some alone. clang 14 calls NULL + 0 an overflow, which the pointer
# to a matrix of no rows is; kernels are left as they are: with sanitizers clang takes minutes for each.
# ENGINE=afl: the same targets under AFL++, without sanitizers; tests/fuzz/counts_afl.csv.
MINUTES ?= $(if $(HOURS),$(shell echo $$(($(HOURS) * 60))),10)
ENGINE  ?=
FUZZ    := .build/fuzz$(ENGINE)
FUZZ_CC := $(if $(ENGINE),afl-clang-fast,clang-14)
FUZZ_CFLAGS := -O1 -g -fno-omit-frame-pointer$(if $(ENGINE),, -fsanitize=address$(comma)undefined$(comma)fuzzer-no-link -fno-sanitize=pointer-overflow -fno-sanitize-recover=all)
fuzz:
	@.ci/install-deps clang-14 libclang-rt-14-dev libomp-14-dev $(if $(ENGINE),afl++)
	@$(MAKE) --no-print-directory -j$(shell nproc) BUILD=$(FUZZ) CC=$(FUZZ_CC) CFLAGS="$(FUZZ_CFLAGS)" $(FUZZ)/cover
	@ENGINE=$(ENGINE) MINUTES=$(MINUTES) tests/fuzz/run $(FUZZ) $(TARGETS)
$(foreach isa,portable avx2 avx512,$(ISA_SRC:%.c=$(FUZZ)/%.$(isa).o)): private ALL_CFLAGS := $(filter-out -fsanitize%,$(ALL_CFLAGS))
$(BUILD)/cover: tests/fuzz/cover.c $(wildcard tests/fuzz/*.h) tests/fuzz/targets.def $(LIB)
	@echo "link    $@"
	@$(CC) $(ALL_CFLAGS) -iquote tests -fsanitize=fuzzer -o $@ $< $(LIB) $(filter-out -fopenmp,$(LIBS)) -fopenmp

# ---- how fast ---------------------------------------------------------------------------------------

bench: gatewalk
	@./gatewalk bench all --csv | tee $(BUILD)/bench.csv
# Needs python3-torch; prints the ratio to PyTorch on this machine.
bench-peers: gatewalk
	@/usr/bin/python3 tests/bench/peers_torch.py ./gatewalk

# ---- the library -------------------------------------------------------------------------------------

# What others build on: gw_ names are all it shows (`make exports` compares them with the headers).
ABI     := $(shell sed -n 's/^\#define GW_ABI *//p' include/gatewalk/version.h)
VERSION := $(shell sed -n 's/^\#define [A-Z]*_VERSION *"\(.*\)"/\1/p' include/gatewalk/version.h)
STATIC  := $(BUILD)/lib/libgatewalk.a
SHARED  := $(BUILD)/lib/libgatewalk.so.$(ABI)
lib: $(STATIC) $(SHARED)
# One relocatable object, in which the names of the inside are local: a json_parse of yours meets none of ours. The locks
# of `omp critical` are common symbols, which -d gives a place.
WHOLE := $(BUILD)/lib/gatewalk.o
$(WHOLE): $(OBJ)
	@mkdir -p $(@D)
	@$(LD) -r -d -o $@ $^ && objcopy --localize-hidden --wildcard --localize-symbol='.gomp_critical_*' $@
$(STATIC): $(WHOLE)
	@rm -f $@
	@$(AR) rcs $@ $^
$(SHARED): $(WHOLE)
	@echo "link    $@"
	@$(CC) $(LDFLAGS) -shared -Wl,-soname,$(@F) $(if $(SAN),,-Wl$(comma)-z$(comma)defs) -o $@ $^ $(LIBS)
	@ln -sf $(@F) $(@D)/libgatewalk.so
exports: lib
	@.ci/exports $(BUILD)

# ---- install ------------------------------------------------------------------------------------------

PREFIX     ?= /usr/local
bindir     ?= $(PREFIX)/bin
libdir     ?= $(PREFIX)/lib
includedir ?= $(PREFIX)/include
datadir    ?= $(PREFIX)/share
docdir     ?= $(datadir)/doc/gatewalk
man1dir    ?= $(datadir)/man/man1
bashdir    ?= $(datadir)/bash-completion/completions
zshdir     ?= $(datadir)/zsh/site-functions
fishdir    ?= $(datadir)/fish/vendor_completions.d
# For who links libgatewalk.a. By name and not as Requires.private: that would ask for everything libarchive itself could
# be linked with statically, which its Debian package does not bring.
PC_PRIVATE := $(patsubst -fopenmp,-lgomp,$(LIBS))

$(BUILD)/gatewalk.pc: Makefile include/gatewalk/version.h
	@mkdir -p $(@D)
	@printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$(libdir)' 'includedir=$(includedir)' '' 'Name: gatewalk' \
	    'Description: walk-forward backtesting of gate models' 'Version: $(VERSION)' \
	    'Cflags: -I$${includedir}' 'Libs: -L$${libdir} -lgatewalk' 'Libs.private: $(PC_PRIVATE)' >$@

install: gatewalk lib
	@rm -f $(BUILD)/gatewalk.pc && $(MAKE) --no-print-directory $(BUILD)/gatewalk.pc PREFIX=$(PREFIX)
	@install -d $(addprefix $(DESTDIR),$(bindir) $(libdir)/pkgconfig $(includedir)/gatewalk $(docdir) \
	    $(man1dir) $(bashdir) $(zshdir) $(fishdir))
	@install gatewalk $(DESTDIR)$(bindir)/gatewalk
	@[ ! -e $(BUILD)/gatewalk-mpi.so ] || install -D -m 644 $(BUILD)/gatewalk-mpi.so $(DESTDIR)$(libdir)/gatewalk/gatewalk-mpi.so
	@install -m 644 include/gatewalk/*.h $(DESTDIR)$(includedir)/gatewalk/
	@install -m 644 $(STATIC) $(SHARED) $(DESTDIR)$(libdir)/
	@ln -sf $(notdir $(SHARED)) $(DESTDIR)$(libdir)/libgatewalk.so
	@install -m 644 $(BUILD)/gatewalk.pc $(DESTDIR)$(libdir)/pkgconfig/
	@install -m 644 LICENSE README.md $(DESTDIR)$(docdir)/
	@./gatewalk help --man >$(DESTDIR)$(man1dir)/gatewalk.1
	@./gatewalk help --completion bash >$(DESTDIR)$(bashdir)/gatewalk
	@./gatewalk help --completion zsh >$(DESTDIR)$(zshdir)/_gatewalk
	@./gatewalk help --completion fish >$(DESTDIR)$(fishdir)/gatewalk.fish
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" -ne 0 ] || ldconfig 2>/dev/null || true
	@echo "installed gatewalk $(VERSION) in $(DESTDIR)$(PREFIX)"
uninstall:
	@rm -f $(addprefix $(DESTDIR),$(bindir)/gatewalk $(libdir)/libgatewalk.a $(libdir)/libgatewalk.so \
	    $(libdir)/$(notdir $(SHARED)) $(libdir)/pkgconfig/gatewalk.pc \
	    $(man1dir)/gatewalk.1 $(bashdir)/gatewalk $(zshdir)/_gatewalk $(fishdir)/gatewalk.fish)
	@rm -rf $(DESTDIR)$(includedir)/gatewalk $(DESTDIR)$(libdir)/gatewalk $(DESTDIR)$(docdir)

# ---- the house rules ------------------------------------------------------------------------------

# Arrows point down, by symbols: .ci/rooms is the table. Neither optimisation nor a second instance of a kernel changes who calls
# whom, so that this has objects of its own, made in half a minute.
layers:
	@$(MAKE) --no-print-directory -j$(shell nproc) BUILD=$(BUILD)/layers CFLAGS=-O0 WARN=-w layers-objects
	@.ci/layers $(BUILD)/layers
layers-objects: $(filter-out %.avx2.o %.avx512.o,$(OBJ)) $(BUILD)/engine/main.o
# Every public header stands on its own, as strict C17 and as C++17.
headers:
	@for h in include/gatewalk/*.h; do \
	    printf '#include "%s"\nextern int unit_has_something;\n' "$$h" | $(CC) -std=c17 $(WARN) -Wpedantic -Werror -fsyntax-only -iquote . -x c - || exit 1; done
	@command -v $(CXX) >/dev/null || { echo "headers: no $(CXX) here, not read as C++"; exit 0; }; for h in include/gatewalk/*.h; do \
	    echo "#include \"$$h\"" | $(CXX) -std=c++17 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -iquote . -x c++ - || exit 1; done
format:
	clang-format -i $(shell git ls-files -co --exclude-standard '*.c' '*.h')
format-check:
	@clang-format --dry-run -Werror $(shell git ls-files '*.c' '*.h')
clean:
	rm -rf $(BUILD) gatewalk
