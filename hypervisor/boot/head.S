/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the boot loader's 32-bit protected mode (multiboot 1 or 2: paging off,
 * eax = magic, ebx = information) to C at the image's own address.
 *
 * The boot tables map the first 4 GiB with 2 MiB pages three times: one to one
 * (until the last processor is up), at IMAGE_VIRT (first GiB), and at
 * DIRECT_VIRT.  boot/image.c and memory/ refine them later.
 */
#include "cpu/percpu.h"
#include "cpu/x86.h"
#include "memory/layout.h"

#define PHYS(sym) ((sym) - IMAGE_VIRT)
#define PTE_TABLE 0x003		/* present, writable */
#define PTE_LARGE 0x083
#define L3_INDEX(va) (((va) >> 30) & 511)
#define L4_INDEX(va) (((va) >> 39) & 511)

#define BOOT_CS 0x08
#define BOOT_CS32 0x18
#define BOOT_DS 0x10

	.section .boot.header, "ax"
	.align 8
multiboot1_header:
	.long 0x1badb002
	.long 0x00000003		/* page-aligned modules, memory map */
	.long -(0x1badb002 + 0x00000003)

	.align 8
multiboot2_header:
	.long 0xe85250d6
	.long 0				/* i386 protected mode */
	.long multiboot2_end - multiboot2_header
	.long -(0xe85250d6 + (multiboot2_end - multiboot2_header))
	.short 1, 0			/* wanted: command line, modules, memory map, ACPI */
	.long 8 + 4 * 4
	.long 1, 3, 6, 15
	.short 6, 0			/* modules page-aligned */
	.long 8
	.short 3, 0			/* entry address */
	.long 12
	.long start_physical
	.long 0
	.short 0, 0
	.long 8
multiboot2_end:

	.section .boot.text, "ax"
	.code32
	.globl start32
start32:
	cld
	cli
	mov	$PHYS(boot_stack_end), %esp
	mov	%eax, PHYS(boot_magic)
	mov	%ebx, PHYS(boot_info)

	/* Long mode and NX, or a word on the serial port and an end. */
	mov	$0x80000000, %eax
	cpuid
	cmp	$0x80000001, %eax
	jb	no_long_mode
	mov	$0x80000001, %eax
	cpuid
	bt	$29, %edx
	jnc	no_long_mode
	bt	$20, %edx
	jnc	no_long_mode

	/* Four level-2 tables, 2 MiB pages over 0..4 GiB. */
	mov	$PHYS(boot_l2), %edi
	mov	$PTE_LARGE, %eax
	mov	$2048, %ecx
1:	mov	%eax, (%edi)
	movl	$0, 4(%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	1b

	mov	$PHYS(boot_l2) + PTE_TABLE, %eax
	mov	$PHYS(boot_l3_low), %edi
	mov	$PHYS(boot_l3_direct), %esi
	mov	$4, %ecx
1:	mov	%eax, (%edi)
	mov	%eax, (%esi)
	add	$0x1000, %eax
	add	$8, %edi
	add	$8, %esi
	loop	1b
	movl	$PHYS(boot_l2) + PTE_TABLE, PHYS(boot_l3_image)
	movl	$PHYS(boot_percpu_l2) + PTE_TABLE, PHYS(boot_l3_image) + 8 * L3_INDEX(PERCPU_VIRT)
	movl	$PHYS(boot_percpu_l1) + PTE_TABLE, PHYS(boot_percpu_l2)

	movl	$PHYS(boot_l3_low) + PTE_TABLE, PHYS(boot_l4)
	movl	$PHYS(boot_l3_image) + PTE_TABLE, PHYS(boot_l4) + 8 * L4_INDEX(IMAGE_VIRT)
	movl	$PHYS(boot_l3_direct) + PTE_TABLE, PHYS(boot_l4) + 8 * L4_INDEX(DIRECT_VIRT)

	/* The boot processor's block, guards left out. */
	mov	$PHYS(boot_percpu) + PTE_TABLE, %eax
	mov	$PHYS(boot_percpu_l1), %edi
	xor	%ecx, %ecx
1:	bt	%ecx, PHYS(percpu_page_mask)
	jnc	2f
	mov	%eax, (%edi)
2:	add	$0x1000, %eax
	add	$8, %edi
	inc	%ecx
	cmp	$16, %ecx
	jb	1b

	mov	$PHYS(boot_l4), %eax
	call	enter_long_mode
	ljmp	$BOOT_CS, $PHYS(1f)
	.code64
1:	movabs	$2f, %rax
	jmp	*%rax
2:	xor	%eax, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%eax, %fs
	mov	%eax, %gs
	movabs	$PERCPU_VIRT + PERCPU_STACK_TOP - 256, %rsp
	xor	%ebp, %ebp
	mov	boot_magic(%rip), %edi
	mov	boot_info(%rip), %esi
	call	boot_start
	ud2

	/* eax: level-4 table.  Loads our GDT and turns on paging; the caller jumps far. */
	.code32
enter_long_mode:
	lgdt	PHYS(boot_gdt_pointer)
	mov	%eax, %cr3
	mov	$CR4_PAE, %eax
	mov	%eax, %cr4
	mov	$MSR_EFER, %ecx
	rdmsr
	or	$(EFER_SCE | EFER_LME | EFER_NXE), %eax
	wrmsr
	mov	$0x80010033, %eax	/* PG WP NE ET MP PE */
	mov	%eax, %cr0
	ret

no_long_mode:
	mov	$PHYS(no_long_mode_text), %esi
	mov	$0x3f8, %edx
1:	lodsb
	test	%al, %al
	jz	2f
	out	%al, %dx
	jmp	1b
2:	hlt
	jmp	2b

/*
 * Where the other processors start: copied to a page below 1 MiB.  Real mode,
 * cs = page; works wherever it lies, by its own address in %ebp.
 */
	.code16
	.globl trampoline_start, trampoline_end
	.balign 16
trampoline_start:
	cli
	cld
	mov	%cs, %ax
	mov	%ax, %ds
	xor	%ebp, %ebp
	mov	%ax, %bp
	shl	$4, %ebp
	lea	(trampoline_32 - trampoline_start)(%ebp), %eax
	mov	%eax, trampoline_far - trampoline_start
	lgdtl	trampoline_gdt_pointer - trampoline_start
	mov	%cr0, %eax
	or	$CR0_PE, %eax
	mov	%eax, %cr0
	ljmpl	*(trampoline_far - trampoline_start)
	.balign 4
trampoline_far:
	.long 0
	.word BOOT_CS32
	.balign 4
trampoline_gdt_pointer:
	.word boot_gdt_end - boot_gdt - 1
	.long PHYS(boot_gdt)
	.code32
trampoline_32:
	mov	$BOOT_DS, %eax
	mov	%eax, %ds
	mov	%eax, %ss
	mov	$PHYS(boot_stack_end), %esp
	mov	$PHYS(boot_l4), %eax
	mov	$PHYS(enter_long_mode), %ebx
	call	*%ebx
	ljmp	$BOOT_CS, $PHYS(ap_long_mode)
trampoline_end:

	.code64
ap_long_mode:
	movabs	$1f, %rax
	jmp	*%rax
1:	xor	%eax, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	%eax, %fs
	mov	%eax, %gs
	mov	smp_starting_stack(%rip), %rsp
	xor	%ebp, %ebp
	call	smp_cpu_start
	ud2

	.section .rodata
no_long_mode_text:
	.asciz "Tenon needs a 64-bit processor with NX.\r\n"
	.align 4
percpu_page_mask:
	.long PERCPU_PAGE_MASK

	.data
	.globl boot_gdt
	.align 8
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff	/* 64-bit code */
	.quad 0x00cf93000000ffff	/* data */
	.quad 0x00cf9b000000ffff	/* 32-bit code */
boot_gdt_end:
boot_gdt_pointer:
	.word boot_gdt_end - boot_gdt - 1
	.long PHYS(boot_gdt)
	.align 8
boot_magic:
	.long 0
boot_info:
	.long 0
	.globl smp_starting_stack
smp_starting_stack:
	.quad 0

	.section .bss.page_aligned, "aw", @nobits
	.globl boot_l4, boot_l3_low, boot_l3_image, boot_l3_direct, boot_percpu, boot_percpu_l2
	.align 4096
boot_l4:	.skip 4096
boot_l3_low:	.skip 4096
boot_l3_image:	.skip 4096
boot_l3_direct:	.skip 4096
boot_l2:	.skip 4 * 4096
boot_percpu_l2:	.skip 4096
boot_percpu_l1:	.skip 4096
	.align 4096
boot_percpu:	.skip PERCPU_SIZE
boot_stack:	.skip 512
boot_stack_end:
