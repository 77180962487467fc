# Perigee's build, in one pass over all sources. `make help` lists the targets;
# `make demo` and `make test` do everything on a fresh machine.

# ---- Settings: make NAME=value ----------------------------------------------

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
OPT     ?= -O2 -g
CFLAGS  ?=
LDFLAGS ?=
# A folder with include/ and lib/ of Lua 5.4, if it is in no usual place.
LUA_DIR ?=
# A CBLAS for matrix products instead of our own, to compare: BLAS=openblas.
BLAS    ?=
# V=1 shows every command.
Q = $(if $(V),,@)

# ---- What this machine has --------------------------------------------------

accepted = $(foreach flag,$(1),$(shell echo 'int main(void) { return 0; }' | \
  $(CC) -Werror $(flag) -x c - -o /dev/null 2>/dev/null && echo '$(flag)'))
find-lib = $(firstword $(filter /%,$(foreach name,lua5.4 lua-5.4 lua54 lua,\
  $(wildcard $(LUA_DIR:%=%/lib/lib$(name).$(1))) \
  $(shell $(CC) -print-file-name=lib$(name).$(1) 2>/dev/null))))

LUA_INCLUDE := $(firstword $(wildcard \
  $(LUA_DIR:%=%/include/lua5.4) $(LUA_DIR:%=%/include/lua) \
  $(LUA_DIR:%=%/include) \
  $(foreach root,/usr/include /usr/local/include,\
  $(root)/lua5.4 $(root)/lua-5.4 $(root)/lua54)))
LUA_CFLAGS := $(LUA_INCLUDE:%=-I%)
LUA_SHARED := $(call find-lib,so)
LUA_STATIC := $(call find-lib,a)
# A backslash before # would stay in the argument of a function.
hash := \#
comma := ,
LIBEDIT := $(shell printf '%s\n' '$(hash)include <histedit.h>' \
  'int main(void) { return el_init == 0; }' | \
  $(CC) -x c - -ledit -o /dev/null 2>/dev/null && echo -ledit)
ifeq ($(SANITIZE),)
HARDEN := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 $(call accepted,\
  -fstack-protector-strong -fstack-clash-protection -fcf-protection)
endif
MAKEFLAGS += --no-print-directory
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += --jobs=$(shell nproc 2>/dev/null || echo 2)
endif

# ---- Flags ------------------------------------------------------------------

WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
  $(WERROR)
FLAGS = -std=c11 -fPIC -pthread -fvisibility=hidden -ffp-contract=off $(OPT) \
  $(WARN) $(HARDEN) $(SANITIZE) -D_GNU_SOURCE -Icore -I$(BUILD) \
  $(LUA_CFLAGS) -MMD -MP $(CFLAGS)
LINK = $(CC) -pthread $(SANITIZE) -Wl,-z,relro -Wl,-z,now $(PACKED) $(LDFLAGS)
# Addresses in the tables as a bit map, where the C library can read it.
PACKED := $(call accepted,-Wl$(comma)-z$(comma)pack-relative-relocs)
LIBS = -lz -lm -ldl $(BLAS:%=-l%)
# Whole, so that C modules of Lua find all of its functions in the executable.
LUA_WHOLE = -Wl,--whole-archive $(LUA_STATIC) -Wl,--no-whole-archive
# Kernels are fast but where a sanitizer looks on.
KERNEL_OPT := $(if $(SANITIZE),,-O3)
# Vectors without copies of a loop for its special cases: half the size at the
# same speed.
SMALL := $(call accepted,-fno-version-loops-for-strides -fno-ipa-cp-clone \
  -fno-unswitch-loops -fno-split-loops --param=max-completely-peeled-insns=60)
# Nothing unwinds through core, and the tables for it are a tenth of the size;
# debuggers have those of -g.
$(BUILD)/core/%.o $(BUILD)/perigee_tables.o: FLAGS += \
  -fno-asynchronous-unwind-tables
# clang reports loops that it could not make vectors: those that call libm.
$(BUILD)/core/cpu/%.o $(BUILD)/core/optim/%.o: FLAGS += -fno-math-errno \
  -fno-trapping-math -fopenmp-simd -Wno-pass-failed
$(BUILD)/core/cpu/fast/%.o $(BUILD)/core/optim/%.o: FLAGS += $(KERNEL_OPT) $(SMALL)
# A value that is computed on some paths alone would end vectors.
$(foreach file,pointwise_f32 pointwise_f64,$(BUILD)/core/cpu/fast/$(file).%.o): \
  FLAGS += $(call accepted,-fno-tree-pre)
$(BUILD)/core/cpu/sort_keys.o: FLAGS += $(KERNEL_OPT) # serves fast kernels too
# Long arrays or whole blocks: the rest of a loop may go element by element.
BLOCKS := $(call accepted,--param=vect-epilogues-nomask=0)
$(BUILD)/core/optim/%.o $(foreach file,random copy copy_convert math_arrays \
  pointwise_f64 reduce_f32 reduce_f64 reduce_i64 softmax_f32 softmax_f64 \
  matmul_half,\
  $(BUILD)/core/cpu/fast/$(file).%.o): FLAGS += $(BLOCKS)
# Sums of whole numbers wrap.
$(BUILD)/core/cpu/fast/reduce_i64.%.o $(BUILD)/core/cpu/fast/scan.%.o: \
  FLAGS += -fwrapv
# Instruction-set levels as -march names them: LEVELLED are compiled once for
# each. The rows of core/cpu/level.h are the same.
LEVELS := $(if $(filter x86_64%,$(shell $(CC) -dumpmachine)),\
  x86-64 x86-64-v3 x86-64-v4,portable)
LEVEL_FLAGS = -DPERI_LEVEL=$(subst -,_,$(1)) -DPERI_LEVEL_NAME='"$(1)"' \
  -DPERI_LOWEST=$(subst -,_,$(LOWEST)) \
  $(if $(filter x86%,$(1)),-march=$(1) -mprefer-vector-width=512)
# Its header is in a folder of its own on some systems.
BLAS_FLAGS = $(BLAS:%=-DPERI_BLAS='"%"') \
  $(if $(BLAS),$(shell pkg-config --cflags $(BLAS) 2>/dev/null))
$(BUILD)/core/cpu/blas.o $(BUILD)/core/context.o: FLAGS += $(BLAS_FLAGS)
$(BUILD)/bindings/repl.o: FLAGS += $(if $(LIBEDIT),-DPERI_HAVE_LIBEDIT)

# ---- Files ------------------------------------------------------------------

HOST = bindings/host.c bindings/repl.c
CORE = $(wildcard core/*.c core/*/*.c)
FAST = $(wildcard core/cpu/fast/*.c)
LEVELLED = $(FAST) $(filter-out %/optimizer.c,$(wildcard core/optim/*.c))
BINDING = $(filter-out $(HOST),$(wildcard bindings/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
# Kernels of whole numbers and scans gain little: they are compiled for the
# lowest level.
LOWEST = $(firstword $(LEVELS))
at-level = $(if $(filter $(LOWEST),$(1)),$(LEVELLED),\
  $(filter-out %_i64.c %/scan.c,$(LEVELLED)))
FAST_O = $(foreach level,$(LEVELS),$(patsubst %.c,$(BUILD)/%.$(level).o,\
  $(call at-level,$(level))))
CORE_O = $(call objects,$(CORE)) $(FAST_O) $(BUILD)/perigee_tables.o
BINDING_O = $(call objects,$(BINDING)) $(BUILD)/embedded.o
HOST_O = $(call objects,$(HOST))
ALL_O = $(CORE_O) $(BINDING_O)
PRINTED = $(addprefix $(BUILD)/,perigee_tables.h perigee_hidden.h)
LIBRARIES = $(addprefix $(BUILD)/,libperigee.a libperigee.so perigee.so)
SPECS = $(patsubst %.c,$(BUILD)/%,$(wildcard spec/c/*_spec.c))
SPEC_PARTS = $(call objects,$(filter-out %_spec.c,$(wildcard spec/c/*.c)))
EXAMPLES = $(patsubst %.c,$(BUILD)/%,$(wildcard examples/*.c))
LUA_MODULES = $(wildcard lua/perigee/*.lua)
BENCH = $(addprefix $(BUILD)/bench/,blas calls child \
  $(patsubst %,limits.%,plain $(LEVELS)))
SETUP = CC="$(CC)" LUA_CFLAGS="$(LUA_CFLAGS)" docs/setup.sh

.PHONY: all programs specs demo test golden asan fuzz tsan check bench readme docs format install clean help
.DELETE_ON_ERROR:
.SECONDARY:

## all       build everything (the default)
all: programs
programs: $(BUILD)/perigee $(LIBRARIES) $(BUILD)/include/perigee.h

## demo      install what is missing, build, train on MNIST
demo:
	@$(SETUP) build
	@$(MAKE) programs
	$(BUILD)/perigee examples/02_mnist.lua

## test      install what is missing, build, run every spec and example
test:
	@$(SETUP) build specs
	@$(MAKE) specs
	@spec/run.sh $(BUILD)

## golden    compare with the reference values alone
golden: programs
	$(BUILD)/perigee spec/golden_spec.lua

## asan      the C specs and the quick Lua specs under ASan and UBSan
asan:
	@$(SETUP) build specs
	+@$(ASAN_MAKE) specs
	@PERIGEE_QUICK=1 PERIGEE_FUZZ_SECONDS=60 ASAN_OPTIONS=detect_leaks=1 \
	  spec/run.sh $(BUILD)/asan
ASAN_MAKE = $(MAKE) BUILD=$(BUILD)/asan OPT="-O1 -g" SANITIZE="\
  -fsanitize=address,undefined -fno-sanitize-recover=all \
  -fno-omit-frame-pointer"

## fuzz      random programs under ASan and UBSan: SECONDS=3600 SEED=1
fuzz:
	@$(SETUP) build specs
	+@$(ASAN_MAKE) $(BUILD)/asan/spec/c/fuzz_spec
	$(BUILD)/asan/spec/c/fuzz_spec --seconds $(SECONDS) --seed $(SEED)
SECONDS ?= 600
SEED ?= $(shell date +%s)

## tsan      the C specs of threads under ThreadSanitizer
# Its memory map does not fit every random layout of the address space.
TSAN_SPECS = parallel pool threads determinism
tsan:
	@$(SETUP) build specs
	@fixed="setarch $$(uname -m) -R"; $$fixed true 2>/dev/null || fixed=; \
	$$fixed $(MAKE) BUILD=$(BUILD)/tsan OPT="-O1 -g" \
	  SANITIZE=-fsanitize=thread \
	  $(TSAN_SPECS:%=$(BUILD)/tsan/spec/c/%_spec) && \
	PERIGEE_QUICK=1 PERIGEE_SPECS="$(TSAN_SPECS)" \
	  $$fixed spec/run.sh $(BUILD)/tsan

## check     warnings as errors with gcc and clang, then the linters
# What cppcheck 2.10 says of structs that a function fills, and of tables.
DOUBTFUL = ctuuninitvar uninitvar legacyUninitvar invalidPointerCast
lint = @if command -v $(1) >/dev/null; then echo "== $(1)"; $(1) $(2); \
  else echo "== $(1) is not here"; fi
check:
	@$(SETUP) build specs check
	@for cc in gcc clang; do \
	  if command -v $$cc >/dev/null; then echo "== $$cc -Werror"; \
	    $(MAKE) specs CC=$$cc WERROR=-Werror BUILD=$(BUILD)/$$cc || exit 1; \
	  else echo "== $$cc is not here"; fi; done
	$(call lint,cppcheck,--quiet --std=c11 --enable=warning --enable=portability \
	  $(DOUBTFUL:%=--suppress=%) --inline-suppr --error-exitcode=1 \
	  -Icore -I$(BUILD)/gcc core bindings docs examples bench)
	$(call lint,c++,-Wall -Wextra -fsyntax-only -x c++ \
	  $(BUILD)/gcc/include/perigee.h)
	$(call lint,luacheck,--quiet lua examples spec docs bench)
	$(call lint,shellcheck,docs/*.sh spec/run.sh .ci/run)

## bench     measure speed and memory, beside PyTorch if it is there
# SUBJECT=matmul ROWS=NT does a part; BENCH_PERIGEE=file measures another build.
bench: programs $(BENCH)
	@PYTHON=$(PYTHON) BENCH_PERIGEE=$(BENCH_PERIGEE) $(BUILD)/perigee \
	  bench/run.lua $(BUILD) "$(SUBJECT)" "$(ROWS)"
PYTHON ?= python3
BENCH_PERIGEE ?= $(BUILD)/perigee

## readme    make the numbers, tables and outputs in README.md anew
readme: programs $(BUILD)/include/perigee.h
	$(BUILD)/perigee docs/readme.lua

## docs      write the reference and the definitions for editors to build/reference
docs: programs $(BUILD)/include/perigee.h
	@rm -rf $(BUILD)/reference
	@mkdir -p $(BUILD)/reference
	@$(BUILD)/perigee docs/reference.lua $(BUILD)/reference \
	  $(BUILD)/include/perigee.h

## format    lay out all C sources as .clang-format says
format:
	clang-format -i $(CORE) $(FAST) $(HOST) $(BINDING) $(wildcard core/*.h \
	  core/*/*.h core/cpu/fast/*.h \
	  bindings/*.h docs/*.[ch] examples/*.c spec/c/*.[ch] \
	  spec/c/*/*.[ch] bench/*.[ch])

## install   copy header, libraries, executable and manual to PREFIX
install: programs
	install -D $(BUILD)/perigee $(TO)/bin/perigee
	install -D -m 644 $(BUILD)/include/perigee.h $(TO)/include/perigee.h
	install -D -m 644 $(BUILD)/libperigee.a $(TO)/lib/libperigee.a
	install -D $(BUILD)/libperigee.so $(TO)/lib/libperigee.so.0
	ln -sf libperigee.so.0 $(TO)/lib/libperigee.so
	install -D $(BUILD)/perigee.so $(TO)/lib/lua/5.4/perigee.so
	install -D -m 644 docs/perigee.1 $(TO)/share/man/man1/perigee.1
	install -D -m 644 docs/perigee.pc.in $(TO)/lib/pkgconfig/perigee.pc
	sed -i -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LUA@|$(LUA_LINK)|' \
	  -e "s|@VERSION@|$$(sed -n 's/.*PERI_VERSION "\(.*\)"/\1/p' \
	  core/perigee.h)|" \
	  $(TO)/lib/pkgconfig/perigee.pc
TO = $(DESTDIR)$(PREFIX)
LUA_LINK = $(LUA_SHARED:%=-l$(patsubst lib%.so,%,$(notdir $(LUA_SHARED))))

## clean     remove what was built
clean:
	rm -rf $(BUILD)

## help      this list
help:
	@sed -n 's/^## /  make /p' Makefile
	@echo '  make BLAS=openblas BUILD=build/blas   products by a CBLAS, to compare'

# ---- Printed sources --------------------------------------------------------

# The printer reads headers whose last part it prints: empty at first.
$(BUILD)/print_tables: docs/print_tables.c docs/rows.c docs/rows.h \
  core/perigee.h core/tables.h $(wildcard core/*/*.def)
	@mkdir -p $(BUILD)/first
	@: > $(BUILD)/first/perigee_tables.h
	@echo "cc $@"
	$(Q)$(CC) -std=c11 $(WARN) $(SANITIZE) -I$(BUILD)/first -Icore \
	  docs/print_tables.c docs/rows.c -o $@

$(BUILD)/perigee_tables.c: $(BUILD)/print_tables
	@echo "print $@"
	$(Q)$< public > $(BUILD)/perigee_tables.h
	$(Q)$< hidden > $(BUILD)/perigee_hidden.h
	$(Q)$< code > $@
$(PRINTED): $(BUILD)/perigee_tables.c ;

# One header for embedders: the tables' part stands in the place of its name.
$(BUILD)/include/perigee.h: core/perigee.h $(BUILD)/perigee_tables.h
	@mkdir -p $(@D)
	$(Q)sed -e '/#include "perigee_tables.h"/r $(BUILD)/perigee_tables.h' \
	  -e '/#include "perigee_tables.h"/d' $< > $@

$(BUILD)/embedded.c: docs/embed.sh $(LUA_MODULES)
	@mkdir -p $(@D)
	$(Q)docs/embed.sh $(LUA_MODULES) > $@

# ---- Compiling and linking --------------------------------------------------

$(BUILD)/%.o: %.c | $(PRINTED)
	@mkdir -p $(@D)
	@echo "cc $<"
	$(Q)$(CC) $(FLAGS) -c $< -o $@

$(BUILD)/%.o: $(BUILD)/%.c $(PRINTED)
	@echo "cc $<"
	$(Q)$(CC) $(FLAGS) -Ibindings -c $< -o $@

define compile-level
$(BUILD)/%.$(1).o: FLAGS += $$(call LEVEL_FLAGS,$(1))
$(BUILD)/%.$(1).o: %.c | $(PRINTED)
	@mkdir -p $$(@D)
	@echo "cc $$< $(1)"
	$$(Q)$$(CC) $$(FLAGS) -c $$< -o $$@
endef
$(foreach level,$(LEVELS),$(eval $(call compile-level,$(level))))

# An archive of two objects, in which only what is public has a name.
$(BUILD)/libperigee.a: $(CORE_O) $(BINDING_O)
	@echo "link $@"
	$(Q)ld -r -o $(BUILD)/core.o $(CORE_O)
	$(Q)ld -r -o $(BUILD)/bindings.o $(BINDING_O)
	$(Q)objcopy --localize-hidden $(BUILD)/core.o
	$(Q)objcopy --localize-hidden $(BUILD)/bindings.o
	$(Q)rm -f $@
	$(Q)ar rcs $@ $(BUILD)/core.o $(BUILD)/bindings.o

$(BUILD)/exports.map $(BUILD)/host.list: Makefile
	@mkdir -p $(@D)
	$(Q)echo '{ $(NAMES) };' > $@
$(BUILD)/exports.map: NAMES = global: peri_*; luaopen_*; local: *;
$(BUILD)/host.list: NAMES = lua_*; luaL_*; luaopen_*; peri_*;

$(BUILD)/libperigee.so: $(ALL_O) $(BUILD)/exports.map
	@echo "link $@"
	$(Q)$(LINK) -shared -Wl,-soname,libperigee.so.0 \
	  -Wl,--version-script=$(BUILD)/exports.map -o $@ $(ALL_O) \
	  $(LUA_SHARED) $(LIBS)
	$(Q)ln -sf $(@F) $@.0

# The module of a stock Lua, which brings Lua's functions itself.
$(BUILD)/perigee.so: $(ALL_O) $(BUILD)/exports.map
	@echo "link $@"
	$(Q)$(LINK) -shared -Wl,--version-script=$(BUILD)/exports.map -o $@ \
	  $(ALL_O) $(LIBS)

$(BUILD)/perigee: $(HOST_O) $(ALL_O) $(BUILD)/host.list
	@echo "link $@"
	$(Q)$(LINK) -pie -Wl,--dynamic-list=$(BUILD)/host.list -o $@ $(HOST_O) \
	  $(ALL_O) $(if $(LUA_STATIC),$(LUA_WHOLE),$(LUA_SHARED)) $(LIBEDIT) \
	  $(LIBS)

# ---- Specs and examples -----------------------------------------------------

specs: programs $(SPECS) $(EXAMPLES) $(BENCH)

$(BUILD)/spec/c/%_spec: $(BUILD)/spec/c/%_spec.o $(SPEC_PARTS) $(ALL_O)
	@echo "link $@"
	$(Q)$(LINK) -o $@ $^ $(LUA_SHARED) $(LIBS)

$(BUILD)/spec/c/fuzz_spec: $(call objects,$(wildcard spec/c/fuzz/*.c))

# As an embedder does it: the one header, the archive, Lua and zlib.
$(BUILD)/examples/%: examples/%.c $(BUILD)/include/perigee.h \
  $(BUILD)/libperigee.a
	@mkdir -p $(@D)
	@echo "cc $<"
	$(Q)$(CC) -std=c11 $(OPT) $(WARN) $(SANITIZE) -I$(BUILD)/include $< -o $@ \
	  $(BUILD)/libperigee.a $(LUA_SHARED) $(LIBS) -pthread

# ---- Benchmarks -------------------------------------------------------------

# Against what is installed, as examples are.
compile-bench = @mkdir -p $(@D); echo "cc $@"; \
  $(CC) -std=c11 -O3 $(WARN) $(SANITIZE) -D_GNU_SOURCE -I$(BUILD)/include \
  $(1) $< bench/worker.c -o $@

$(BUILD)/bench/%: bench/%.c bench/worker.c bench/worker.h
	$(call compile-bench,) -ldl

$(BUILD)/bench/calls: bench/calls.c bench/calls.def bench/worker.c \
  bench/worker.h $(BUILD)/include/perigee.h $(BUILD)/libperigee.a
	$(call compile-bench,) $(BUILD)/libperigee.a $(LUA_SHARED) $(LIBS) -pthread

$(BUILD)/bench/limits.%: bench/limits.c bench/worker.c bench/worker.h
	$(call compile-bench,-ffp-contract=fast $(if $(filter x86%,$*),\
	  -march=$* -mprefer-vector-width=512)) -pthread

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
