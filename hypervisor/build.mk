# SPDX-License-Identifier: GPL-2.0-or-later
#
# Builds the hypervisor: freestanding, with a linker script of its own, so
# apart from the rest of the tree's automake rules.  Each folder lists its
# files in `sources`.  Called by hypervisor/local.mk:
#
#   make -f hypervisor/build.mk SRC=<top of the source> OUT=<where to build>
#
# Products: OUT/tenon (ELF64, for debuggers and multiboot 2) and OUT/tenon.elf32
# (the same for multiboot 1 loaders).

SRC ?= .
OUT ?= build/hypervisor
CC ?= gcc
NM ?= nm
OBJCOPY ?= objcopy
V ?= 0

H := $(SRC)/hypervisor
CHANGESET := $(shell git -C $(SRC) describe --always --dirty 2>/dev/null || echo unknown)
FOLDERS := boot entry cpu hypercall memory emulate event grant time sched domain extension interrupt console lib
SOURCES := $(foreach f,$(FOLDERS),$(addprefix $(f)/,$(shell cat $(H)/$(f)/sources)))
OBJECTS := $(patsubst %,$(OUT)/%.o,$(SOURCES))

CPPFLAGS_HV := -I$(H) -I$(OUT) -I$(SRC)/libhypercall/include
CFLAGS_HV := -std=gnu11 -O2 -g -Wall -Wextra -Werror -ffreestanding -fpie -fvisibility=hidden \
	-mno-red-zone -mgeneral-regs-only -fno-stack-protector -fno-common -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-strict-aliasing -ffunction-sections -MMD -MP
LDFLAGS_HV := -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack \
	-Wl,--no-warn-rwx-segments -Wl,-z,max-page-size=4096 -Wl,--gc-sections

say = @$(if $(filter 0,$(V)),echo "  $(1)  hypervisor/$(2)";)

all: $(OUT)/tenon.elf32

$(OUT)/entry/offsets.h: $(H)/entry/offsets.c
	$(call say,GEN,entry/offsets.h)
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS_HV) $(CFLAGS_HV) -MT $@ -MF $(OUT)/entry/offsets.d -S -o $(OUT)/entry/offsets.s $<
	@sed -n 's/^@@\([A-Z0-9_]*\) \$$*\(-*[0-9]*\)$$/#define \1 \2/p' $(OUT)/entry/offsets.s >$@.new
	@mv $@.new $@

$(OUT)/%.c.o: $(H)/%.c
	$(call say,CC ,$*.c)
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS_HV) $(CFLAGS_HV) $(EXTRA_$(subst /,_,$*)) -c -o $@ $<

$(OUT)/%.S.o: $(H)/%.S $(OUT)/entry/offsets.h
	$(call say,AS ,$*.S)
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS_HV) -D__ASSEMBLER__ -Wa,--noexecstack -g -MMD -MP -c -o $@ $<

$(OUT)/tenon.lds: $(H)/boot/tenon.lds $(H)/memory/layout.h
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS_HV) -D__ASSEMBLER__ -E -P -x assembler-with-cpp -o $@ $<

# The changeset is compiled in, so that its users are built again when it changes.
$(OUT)/changeset: FORCE
	@mkdir -p $(@D)
	@echo '$(CHANGESET)' | cmp -s - $@ || echo '$(CHANGESET)' >$@
EXTRA_boot_boot := -DTENON_CHANGESET='"$(CHANGESET)"'
EXTRA_domain_system := -DTENON_CHANGESET='"$(CHANGESET)"'
EXTRA_hypercall_version := -DTENON_CHANGESET='"$(CHANGESET)"'
$(OUT)/boot/boot.c.o $(OUT)/domain/system.c.o $(OUT)/hypercall/version.c.o: $(OUT)/changeset

# First with an empty symbol table, then with the one made from that.
LINK = $(CC) $(LDFLAGS_HV) -Wl,-T,$(OUT)/tenon.lds -o $@ $(OBJECTS)

$(OUT)/no_symbols.S: $(H)/boot/symbols.awk
	@mkdir -p $(@D)
	@awk -f $< /dev/null >$@

$(OUT)/symbols.S: $(OUT)/tenon.first $(H)/boot/symbols.awk
	@$(NM) -n $< | awk -f $(H)/boot/symbols.awk >$@

%symbols.o: %symbols.S
	@$(CC) -c -o $@ $<

$(OUT)/tenon.first: $(OBJECTS) $(OUT)/no_symbols.o $(OUT)/tenon.lds
	$(call say,LD ,tenon.first)
	@$(LINK) $(OUT)/no_symbols.o

$(OUT)/tenon: $(OUT)/symbols.o $(OUT)/tenon.first
	$(call say,LD ,tenon)
	@$(LINK) $(OUT)/symbols.o

$(OUT)/tenon.elf32: $(OUT)/tenon
	$(call say,COPY,tenon.elf32)
	@$(OBJCOPY) -O elf32-i386 --strip-all $< $@

FORCE:
.PHONY: all FORCE

-include $(OBJECTS:.o=.d) $(OUT)/entry/offsets.d
