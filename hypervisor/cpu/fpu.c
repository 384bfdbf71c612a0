/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * FPU and vector state.  It goes with the address space: who is loaded has its
 * registers in the processor, also while only the idle vcpu runs, and everybody
 * else's are in memory.  To load them at the first use instead, with CR0.TS set
 * until then, would leave another vcpu's to be read by instructions that are
 * executed ahead; and QEMU has no #NM for XSAVE and XRSTOR, by which a guest's
 * kernel would save what is not its own.
 */
#include "cpu/cpu.h"
#include "cpu/x86.h"
#include "domain/domain.h"
#include "lib/log.h"
#include "lib/string.h"
#include "memory/memory.h"

#define XCR0_LEGACY 3UL		/* x87 and SSE, always there */
#define XCR0_AVX 4UL
#define XCR0_AVX512 0xe0UL
#define XCR0_PKRU 0x200UL
#define FXSAVE_SIZE 512
#define XSAVE_HEADER_SIZE 64
#define MXCSR_DEFAULT 0x1f80
#define MXCSR_MASK_DEFAULT 0xffbf	/* where FXSAVE tells none */
#define FCW_DEFAULT 0x037f

struct fpu_area {
	uint8_t image[FXSAVE_SIZE];	/* then the XSAVE header and extended parts */
} __aligned(64);

static uint64_t xcr0_mask;		/* what the host supports and guests may use */
static uint32_t area_size = FXSAVE_SIZE;
static uint32_t mxcsr_mask;		/* bits of MXCSR that may be set */
static bool pointers_stay;		/* see forget_pointers() */

uint64_t fpu_guest_xcr0_mask(void)
{
	return xcr0_mask;
}

/* It waits for all before it, so only what changes is written. */
static void set_xcr0(uint64_t value)
{
	struct cpu *c = this_cpu();

	if (c->xcr0 == value)
		return;
	c->xcr0 = value;
	__asm__ volatile("xsetbv" : : "c"(0), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static void mxcsr_mask_init(void)
{
	static struct fpu_area probe;

	clts();
	__asm__ volatile("fxsave64 %0" : "=m"(probe));
	mxcsr_mask = *(uint32_t *)&probe.image[28];
	if (!mxcsr_mask)
		mxcsr_mask = MXCSR_MASK_DEFAULT;
}

static void pointers_init(void)
{
	uint32_t max, a, b, c, d;

	cpuid(0x80000000, 0, &max, &b, &c, &d);
	b = 0;
	if (max >= 0x80000008)
		cpuid(0x80000008, 0, &a, &b, &c, &d);
	pointers_stay = cpu_vendor_amd && !(b & EXT_LEAF_8_EBX_RSTR_FP_ERR_PTRS);
}

void fpu_init(void)
{
	uint32_t a, b, c, d;

	mxcsr_mask_init();
	pointers_init();
	if (!cpu_has_xsave)
		return;
	cpuid(0xd, 0, &a, &b, &c, &d);
	xcr0_mask = a & (XCR0_LEGACY | XCR0_AVX | XCR0_AVX512 | XCR0_PKRU);
	if ((xcr0_mask & XCR0_AVX512) != XCR0_AVX512 || !(xcr0_mask & XCR0_AVX))
		xcr0_mask &= ~XCR0_AVX512;
	xcr0_mask &= ~XCR0_PKRU;	/* guests see no protection keys */
	set_xcr0(xcr0_mask);
	cpuid(0xd, 0, &a, &b, &c, &d);
	area_size = b;
}

void fpu_cpu_init(void)
{
	clts();
	if (cpu_has_xsave)
		set_xcr0(xcr0_mask);
}

static void set_defaults(struct fpu_area *f)
{
	memset(f, 0, area_size);
	*(uint16_t *)&f->image[0] = FCW_DEFAULT;
	*(uint32_t *)&f->image[24] = MXCSR_DEFAULT;
	if (cpu_has_xsave)
		*(uint64_t *)((char *)f + FXSAVE_SIZE) = XCR0_LEGACY;
}

int fpu_vcpu_init(struct vcpu *v)
{
	/* 64-byte alignment: heap blocks have 16. */
	char *raw = heap_alloc_for(v->domain, area_size + 64);

	if (!raw)
		return -ENOMEM;
	v->fpu_raw = raw;
	v->fpu = (struct fpu_area *)ALIGN_UP((uint64_t)raw, 64UL);
	v->xcr0 = cpu_has_xsave ? 1 : 0;
	set_defaults(v->fpu);
	return 0;
}

void fpu_vcpu_free(struct vcpu *v)
{
	if (v->fpu_raw)
		heap_free_for(v->domain, v->fpu_raw, area_size + 64);
	v->fpu_raw = NULL;
	v->fpu = NULL;
}

static void set_ts(void)
{
	write_cr0(read_cr0() | CR0_TS);
}

/* All the state the host knows is kept, whatever XCR0 the guest has chosen. */
void fpu_unload(struct vcpu *v)
{
	if (v->cr0_ts)
		clts();
	if (cpu_has_xsave) {
		set_xcr0(xcr0_mask);
		__asm__ volatile("xsave64 %0" : "+m"(*v->fpu) : "a"(~0U), "d"(~0U) : "memory");
	} else {
		__asm__ volatile("fxsave64 %0" : "=m"(*v->fpu));
	}
}

/*
 * Older processors of AMD's load where the last x87 instruction and its operand were only with an exception
 * that is pending: a guest would read where another one's were.  They become those of this load.
 */
static void forget_pointers(void)
{
	static const int32_t operand;

	__asm__ volatile("fnclex; emms; fildl %0" : : "m"(operand));
}

void fpu_load(struct vcpu *v)
{
	if (pointers_stay)
		forget_pointers();
	if (cpu_has_xsave) {
		set_xcr0(xcr0_mask);
		__asm__ volatile("xrstor64 %0" : : "m"(*v->fpu), "a"(~0U), "d"(~0U) : "memory");
		set_xcr0(v->xcr0);
	} else {
		__asm__ volatile("fxrstor64 %0" : : "m"(*v->fpu));
	}
	if (v->cr0_ts)
		set_ts();
}

void fpu_set_task_switched(struct vcpu *v, bool set)
{
	v->cr0_ts = set;
	if (set)
		set_ts();
	else
		clts();
}

static bool xcr0_valid(uint64_t value)
{
	return value & 1 && !((value & XCR0_AVX) && !(value & 2)) &&
	       !((value & XCR0_AVX512) &&
		 ((value & XCR0_AVX512) != XCR0_AVX512 || !(value & XCR0_AVX)));
}

bool fpu_set_xcr0(struct vcpu *v, uint64_t value)
{
	if (!cpu_has_xsave || !xcr0_valid(value) || value & ~xcr0_mask)
		return false;
	v->xcr0 = value;
	set_xcr0(value);
	return true;
}

void fpu_load_context(struct vcpu *v, const void *fxsave_image)
{
	context_forget(v);
	set_defaults(v->fpu);
	memcpy(v->fpu->image, fxsave_image, FXSAVE_SIZE);
	/* Reserved MXCSR bits would fault when the image is loaded. */
	*(uint32_t *)&v->fpu->image[24] &= mxcsr_mask;
}

void fpu_store_context(struct vcpu *v, void *fxsave_image)
{
	context_forget(v);
	memcpy(fxsave_image, v->fpu->image, FXSAVE_SIZE);
}

uint32_t fpu_state_size(void)
{
	return cpu_has_xsave ? area_size : 0;
}

void fpu_store_state(struct vcpu *v, void *image)
{
	context_forget(v);
	memcpy(image, v->fpu, area_size);
}

/* What XRSTOR refuses in an image would fault in ring 0. */
int fpu_load_state(struct vcpu *v, const void *image, uint32_t size, uint64_t xcr0)
{
	const uint64_t *header = (const uint64_t *)((const char *)image + FXSAVE_SIZE);

	if (size < FXSAVE_SIZE + XSAVE_HEADER_SIZE || !xcr0_valid(xcr0))
		return -EINVAL;
	for (unsigned int i = 1; i < XSAVE_HEADER_SIZE / sizeof(*header); i++)
		if (header[i])
			return -EINVAL;
	if (!cpu_has_xsave || (header[0] | xcr0) & ~xcr0_mask)
		return -EOPNOTSUPP;
	context_forget(v);
	set_defaults(v->fpu);
	memcpy(v->fpu, image, MIN(size, area_size));
	*(uint32_t *)&v->fpu->image[24] &= mxcsr_mask;
	v->xcr0 = xcr0;
	return 0;
}
