# dmalab: build, test, run. `make help` lists the targets.
#
# One makefile for the whole tree. Objects go to build/ (clang: build-clang/, SAN=1: build-san/),
# header dependencies are the compiler's own (-MMD), other flags rebuild (the file `flags`), and a
# new .c file in a room is found without touching this page.

PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1
FUZZ_SECONDS ?= 30
SEEDS   ?= 3
DRIVERS ?= 1000
SEED    ?= 1
B       := build$(if $(filter-out cc gcc,$(notdir $(CC))),-$(notdir $(CC)))$(if $(SAN),-san)
V       ?=
Q       := $(if $(V),,@)

# The first name pkg-config knows with Lua 5.4 behind it; it differs from system to system.
lua  = $(shell pkg-config --exists '$(1) >= 5.4 $(1) < 5.5' 2>/dev/null && echo $(1))
LUA  := $(firstword $(foreach name,lua5.4 lua-5.4 lua54 lua,$(call lua,$(name))))
LIBS := $(LUA) readline libzstd libcjson nettle $(if $(filter Linux,$(shell uname -s)),libseccomp)
WINDOW_LIBS := sdl2 SDL2_ttf fontconfig libpng
WINDOW_LACKS := $(shell for lib in $(WINDOW_LIBS); do pkg-config --exists $$lib || echo $$lib; done)

CFLAGS   ?= -O2 -g
WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion $(if $(WERROR),-Werror)
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
FUZZFLAGS := -fsanitize=fuzzer-no-link,address -fno-omit-frame-pointer
FLAGS    := -std=c11 $(WARN) $(if $(SAN),$(SANFLAGS)) $(if $(FUZZ),$(FUZZFLAGS)) -Icore
REPL     := -I. -D_DEFAULT_SOURCE -D_XOPEN_SOURCE=700 -DVERSION='"$(VERSION)"' \
            -DSCRIPTS='"$(PREFIX)/share/dmalab/scripts"' \
            $(shell pkg-config --cflags-only-I $(LIBS) 2>/dev/null)
WINDOW   := $(shell pkg-config --cflags $(WINDOW_LIBS) 2>/dev/null)

CORE_C := $(wildcard core/*.c core/*/*.c)
REPL_C := $(wildcard repl/*.c)
VIZ_C  := $(wildcard viz/*.c viz/panels/*.c)
SDL_C  := $(wildcard viz/sdl/*.c)
TEST_C := $(wildcard tests/test_*.c)
FUZZ_C := $(wildcard tests/fuzz_*.c)
BENCH_C := $(filter-out tests/bench_view.c,$(wildcard tests/bench*.c))
obj     = $(patsubst %.c,$(B)/%.o,$(1))
program = $(patsubst %.c,$(B)/%,$(1))
COMPILE = $(Q)mkdir -p $(@D) && $(CC) $(FLAGS) $(1) $(CFLAGS) -MMD -MP -c -o $@ $<
LINK    = $(Q)$(CC) $(FLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) \
          $$(pkg-config --libs $(1)) -lm

all: $(B)/dmalab $(if $(WINDOW_LACKS),no-window,$(B)/dmalab-view)    ## build (SAN=1: with sanitizers, CC=clang: with clang, V=1: show the commands)

no-window:
	@echo "dmalab-view, the window, is left out: pkg-config does not find $(WINDOW_LACKS)" \
		"(sh scripts/install-deps.sh view installs it)"

$(B)/flags: export STAMP = $(CC) $(FLAGS) $(REPL) $(WINDOW) $(CFLAGS)
$(B)/flags: FORCE
	@mkdir -p $(@D); printf '%s\n' "$$STAMP" | cmp -s - $@ || printf '%s\n' "$$STAMP" > $@

$(B)/core/%.o: core/%.c $(B)/flags
	$(call COMPILE)

$(B)/repl/%.o: repl/%.c $(B)/flags
	$(call COMPILE,$(REPL))

$(B)/viz/%.o: viz/%.c $(B)/flags
	$(call COMPILE,$(REPL))

$(B)/viz/sdl/%.o: viz/sdl/%.c $(B)/flags
	$(call COMPILE,$(REPL) $(WINDOW))

$(B)/tests/%.o: tests/%.c $(B)/flags
	$(call COMPILE,$(REPL) $(if $(FUZZ),,-DFUZZ_MAIN))

$(B)/libcore.a: $(call obj,$(CORE_C))
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/libviz.a: $(call obj,$(VIZ_C))
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(B)/dmalab: $(call obj,$(REPL_C)) $(B)/libviz.a $(B)/libcore.a
	$(call LINK,$(LIBS))

$(B)/dmalab-view: $(call obj,$(SDL_C)) $(B)/libviz.a $(B)/libcore.a
	$(call LINK,libzstd $(WINDOW_LIBS))

# A test program may use everything but main().
TESTED := $(filter-out $(B)/repl/main.o,$(call obj,$(REPL_C))) $(B)/libviz.a $(B)/libcore.a

$(call program,$(TEST_C)): $(B)/%: $(B)/%.o $(TESTED)
	$(call LINK,$(LIBS) cmocka)

$(call program,$(FUZZ_C) $(BENCH_C)): $(B)/%: $(B)/%.o $(TESTED)
	$(call LINK,$(LIBS)) $(if $(FUZZ),-fsanitize=fuzzer)

# The window's parts, to be measured.
$(B)/tests/bench_view: $(B)/tests/bench_view.o $(filter-out $(B)/viz/sdl/main.o,$(call obj,$(SDL_C))) $(TESTED)
	$(call LINK,$(LIBS) $(WINDOW_LIBS))

# run and check first install what is missing; what pkg-config knows is read again after that.
CORES = $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
JOBS  = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(CORES))
AGAIN = --no-print-directory $(JOBS) B=$(B)

# Where there is a display the window is wanted too; all the rest works without it.
DISPLAYED = [ "$$DISPLAY$$WAYLAND_DISPLAY" ]

run:      ## install what is missing, build, open prompt and view (without a terminal: play the tour)
	$(Q)sh scripts/install-deps.sh
	$(Q)! $(DISPLAYED) || sh scripts/install-deps.sh view 2>/dev/null || :
	@[ -x $(B)/dmalab ] || echo "building dmalab in $(B)/"
	$(Q)$(MAKE) $(AGAIN) all
	$(Q)if [ ! -t 0 ]; then $(B)/dmalab tour; \
	elif $(DISPLAYED) && [ -x $(B)/dmalab-view ]; then $(B)/dmalab --view; \
	else $(B)/dmalab; fi

check:    ## install what is missing, build, run all tests
	@[ -d tests ] || { echo "this is the kit for students: the tests are with the teacher"; exit 1; }
	$(Q)CC='$(CC)' sh scripts/install-deps.sh cmocka
	@echo "building in $(B)/, then testing"
	$(Q)$(MAKE) $(AGAIN) all tests
	$(Q)MAKE='$(MAKE) $(AGAIN)' sh tests/check.sh $(B)

tests: $(call program,$(TEST_C) $(FUZZ_C))    ## build the test programs

sessions: $(B)/dmalab    ## run the session tests alone
	$(Q)sh tests/sessions.sh $(B)/dmalab

drivers: $(B)/dmalab    ## correct and broken drivers on every board, SEEDS=3 of random nature
	$(Q)$(B)/dmalab run tests/drivers/run.lua $(SEEDS)

gallery: $(B)/dmalab    ## real driver bugs and the forty rules, each broken and mended, SEEDS=3
	$(Q)$(B)/dmalab run tests/gallery/run.lua $(SEEDS)

explore: $(B)/dmalab    ## the gallery under every schedule to 2 deviations; correct drivers; brute force
	$(Q)$(B)/dmalab run tests/gallery/explore.lua
	$(Q)$(B)/dmalab run tests/explore/drivers.lua
	$(Q)$(B)/dmalab run tests/explore/brute.lua

property: $(B)/dmalab    ## DRIVERS=1000 random drivers, right and with one mistake
	$(Q)$(B)/dmalab run tests/drivers/property.lua $(DRIVERS) $(SEED)

driver-rules: $(B)/dmalab    ## play the forty rules and write their table anew, for `help rules`
	$(Q)$(B)/dmalab run tests/gallery/run.lua 0 "" scripts/driver_rules.lua

picture: $(B)/dmalab    ## draw the picture of the README anew
	$(Q)$(B)/dmalab run --board tiny --record $(B)/stale viz/stale.lua 2>/dev/null || :
	$(Q)$(B)/dmalab draw --size 1100x700 -o viz/stale.svg $(B)/stale

layers:   ## every include looks down core/LAYERS
	$(Q)awk -f tests/layers.awk core/LAYERS core/*.[ch] core/*/*.[ch]
	$(Q)awk -f tests/layers.awk viz/LAYERS $(wildcard viz/*.[ch] viz/*/*.[ch])
headers:  ## every header compiles alone
	$(Q)for h in core/*.h core/*/*.h repl/*.h viz/*.h; do \
		echo "#include \"$$h\"" | $(CC) $(FLAGS) $(REPL) -fsyntax-only -x c - || exit 1; done

bench: all $(call program,$(BENCH_C) $(if $(WINDOW_LACKS),,tests/bench_view.c))    ## measure (quiet machine, no SAN=1)
	$(Q)$(B)/tests/bench $(B)/dmalab tests/bench.lua
	$(Q)$(B)/dmalab run tests/explore/speed.lua
	$(Q)boot=$$(CC='$(CC)' sh tests/boot.sh); echo "$$boot"; $(B)/dmalab run tests/bench_grade.lua \
		1000 $$(echo "$$boot" | sed -n 's/.*: \(.*\) s each/\1/p')
	$(Q)$(B)/tests/bench_recording
	$(Q)if [ -x $(B)/tests/bench_view ]; then $(B)/tests/bench_view; fi

fuzz:     ## libFuzzer with address sanitizer, FUZZ_SECONDS for each fuzzer
	$(Q)sh scripts/install-deps.sh clang
	$(Q)$(MAKE) --no-print-directory $(JOBS) B=build-fuzz CC=clang FUZZ=1 SAN= fuzzers
fuzzers: $(call program,$(FUZZ_C))
	$(Q)for f in $(notdir $^); do mkdir -p $(B)/corpus/$$f && echo "$$f, $(FUZZ_SECONDS) seconds" && \
		$(B)/tests/$$f -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(B)/$$f- $(B)/corpus/$$f \
		>$(B)/$$f.log 2>&1 || { tail -n 40 $(B)/$$f.log; exit 1; }; done

student-kit:    ## pack what students get: no solutions, no tests
	$(Q)sh scripts/pack.sh $@ $(B)

teacher-kit:    ## pack everything
	$(Q)sh scripts/pack.sh $@ $(B)

PLATFORMS := $(notdir $(patsubst %/,%,$(wildcard labs/platforms/*/)))
platforms:    ## packages for platforms: make gradescope LAB=01 [SECRET=FILE], and the like
	@cat labs/platforms/README.md

$(PLATFORMS):
	$(Q)sh scripts/pack.sh $@ $(B) '$(LAB)' '$(SECRET)'

SHARE := $(DESTDIR)$(PREFIX)/share/dmalab
install: all    ## into PREFIX (/usr/local), below DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(SHARE)
	install -m 755 $(B)/dmalab $(if $(WINDOW_LACKS),,$(B)/dmalab-view) $(DESTDIR)$(PREFIX)/bin
	find scripts -name '*.lua' | while read -r f; do \
		install -d $(SHARE)/$${f%/*} && install -m 644 $$f $(SHARE)/$$f || exit 1; done
	for f in labs/README.md $(foreach file,README.md start.lua grade.lua,$(wildcard labs/[0-9][0-9]-*/$(file))); do \
		install -d $(SHARE)/$${f%/*} && install -m 644 $$f $(SHARE)/$$f || exit 1; done

uninstall:    ## take back what install put there
	rm -rf $(addprefix $(DESTDIR)$(PREFIX)/bin/,dmalab dmalab-view) $(SHARE)

clean:    ## remove every build folder
	rm -rf build build-*

help:     ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1@\2/p' Makefile | awk -F@ '{ printf "%-18s %s\n", $$1, $$2 }'

-include $(shell find $(B) -name '*.d' 2>/dev/null)
FORCE:
.PHONY: all no-window run check tests sessions drivers gallery explore property driver-rules picture layers headers bench fuzz fuzzers student-kit teacher-kit platforms $(PLATFORMS) install uninstall clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:
