/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ACPI tables.  The firmware's memory is read in small checked pieces through
 * acpi_read(), never by following a pointer, so that a damaged table costs
 * what it describes and nothing more.
 */
#include "boot/acpi.h"

#include "hypercall/hypercall.h"
#include "lib/log.h"
#include "lib/string.h"
#include "memory/memory.h"

#define RSDP_LENGTH_V1 20
#define MAX_TABLE_LENGTH (1u << 20)
#define MAX_TABLES 256

#define MADT_LAPIC 0
#define MADT_IOAPIC 1
#define MADT_OVERRIDE 2
#define MADT_LAPIC_NMI 4
#define MADT_LAPIC_ADDRESS 5
#define MADT_X2APIC 9
#define MADT_X2APIC_NMI 10
#define MADT_CPU_ENABLED 1u
#define MADT_PCAT_COMPAT 1u

#define FADT_RESET_SUPPORTED (1u << 10)
#define FADT_PM_TIMER_32BIT (1u << 8)

struct acpi_info acpi;

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem_id[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
	uint8_t extended_checksum;
	uint8_t reserved[3];
} __packed;

struct table_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem_id[6];
	char oem_table_id[8];
	uint32_t oem_revision;
	uint32_t creator_id;
	uint32_t creator_revision;
} __packed;

struct generic_address {
	uint8_t space, bits, offset, access;
	uint64_t address;
} __packed;

struct fadt {
	struct table_header header;
	uint32_t facs, dsdt;
	uint8_t model, profile;
	uint16_t sci_irq;
	uint32_t smi_port;
	uint8_t acpi_enable, acpi_disable, s4bios, pstate_control;
	uint32_t pm1a_event, pm1b_event, pm1a_control, pm1b_control, pm2_control, pm_timer;
	uint32_t gpe0, gpe1;
	uint8_t pm1_event_length, pm1_control_length, pm2_control_length, pm_timer_length;
	uint8_t gpe0_length, gpe1_length, gpe1_base, cst_control;
	uint16_t c2_latency, c3_latency, flush_size, flush_stride;
	uint8_t duty_offset, duty_width, day_alarm, month_alarm, century;
	uint16_t boot_flags;
	uint8_t reserved;
	uint32_t flags;
	struct generic_address reset;
	uint8_t reset_value;
	uint16_t arm_boot_flags;
	uint8_t minor;
	uint64_t x_facs, x_dsdt;
	struct generic_address x_pm1a_event, x_pm1b_event, x_pm1a_control, x_pm1b_control;
	struct generic_address x_pm2_control, x_pm_timer;
} __packed;

/*
 * Copy firmware memory.  The low 4 GiB are normally in the direct map; the
 * rest is reached through one window that moves.
 */
static int acpi_read(void *dst, uint64_t maddr, size_t size)
{
	static const char *window;
	static uint64_t window_start;
	const uint64_t window_size = 1u << 21;
	uint64_t start = maddr & ~(window_size / 2 - 1);

	if (maddr + size < maddr || size > window_size / 2)
		return -EINVAL;
	if (maddr + size <= 1ULL << 32 && !copy_safe(dst, maddr_to_virt(maddr), size))
		return 0;
	if (!window || window_start != start) {
		window = ioremap(start, window_size);
		if (!window)
			return -ENOMEM;
		window_start = start;
	}
	return copy_safe(dst, window + (maddr - start), size);
}

static int check_sum(uint64_t maddr, uint32_t length)
{
	uint8_t buf[64], sum = 0;

	for (uint32_t done = 0, n; done < length; done += n) {
		int rc;

		n = MIN(length - done, (uint32_t)sizeof(buf));
		rc = acpi_read(buf, maddr + done, n);
		if (rc)
			return rc;
		for (uint32_t i = 0; i < n; i++)
			sum += buf[i];
	}
	return sum ? -EINVAL : 0;
}

static bool rsdp_valid(uint64_t maddr, struct rsdp *out)
{
	memset(out, 0, sizeof(*out));
	if (acpi_read(out, maddr, RSDP_LENGTH_V1) || memcmp(out->signature, "RSD PTR ", 8) ||
	    check_sum(maddr, RSDP_LENGTH_V1))
		return false;
	if (out->revision < 2)
		return out->rsdt;
	if (acpi_read(out, maddr, sizeof(*out)) || out->length < sizeof(*out) ||
	    out->length > PAGE_SIZE || check_sum(maddr, out->length))
		return false;
	return out->xsdt || out->rsdt;
}

static uint64_t rsdp_scan(uint64_t start, uint64_t end, struct rsdp *out)
{
	for (uint64_t p = start; p < end; p += 16)
		if (rsdp_valid(p, out))
			return p;
	return 0;
}

/* The first KiB of the extended BIOS data area, else the BIOS itself. */
static uint64_t rsdp_search(struct rsdp *out)
{
	uint16_t segment = 0;
	uint64_t found = 0;

	if (!acpi_read(&segment, 0x40e, sizeof(segment)) && segment >= 0x4000)
		found = rsdp_scan((uint64_t)segment << 4, ((uint64_t)segment << 4) + 1024, out);
	return found ? found : rsdp_scan(0xe0000, 0x100000, out);
}

static void madt_add_cpu(uint32_t apic_id, uint32_t acpi_id, uint32_t flags)
{
	if (!(flags & MADT_CPU_ENABLED))
		return;
	for (unsigned int i = 0; i < acpi.cpu_count; i++)
		if (acpi.cpus[i].apic_id == apic_id)
			return;
	if (acpi.cpu_count == NR_CPUS) {
		log_warn("acpi: more than %d processors, apic id %u not used", NR_CPUS, apic_id);
		return;
	}
	acpi.cpus[acpi.cpu_count++] = (struct acpi_cpu){ apic_id, acpi_id };
}

static void madt_add_override(const uint8_t *e)
{
	uint16_t flags = e[8] | e[9] << 8;
	struct acpi_override *o;

	/* Bus 0 is ISA; flags: polarity in bits 0-1 (3: low), trigger in 2-3 (3: level). */
	if (e[2] || e[3] > 15 || acpi.override_count == ACPI_MAX_OVERRIDES)
		return;
	o = &acpi.overrides[acpi.override_count++];
	o->isa_irq = e[3];
	memcpy(&o->gsi, e + 4, 4);
	o->active_low = (flags & 3) == 3;
	o->level = (flags >> 2 & 3) == 3;
}

static void madt_add_nmi(uint32_t acpi_id, uint8_t lint)
{
	if (lint <= 1 && acpi.lapic_nmi_count < ACPI_MAX_LAPIC_NMIS)
		acpi.lapic_nmis[acpi.lapic_nmi_count++] = (struct acpi_lapic_nmi){ acpi_id, lint };
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* One MADT entry of at least the length its type has. */
static void madt_entry(const uint8_t *e)
{
	static const uint8_t min_length[] = {
		[MADT_LAPIC] = 8, [MADT_IOAPIC] = 12, [MADT_OVERRIDE] = 10, [MADT_LAPIC_NMI] = 6,
		[MADT_LAPIC_ADDRESS] = 12, [MADT_X2APIC] = 16, [MADT_X2APIC_NMI] = 12,
	};

	if (e[0] >= ARRAY_SIZE(min_length) || !min_length[e[0]] || e[1] < min_length[e[0]])
		return;
	switch (e[0]) {
	case MADT_LAPIC:
		if (e[3] != 0xff)
			madt_add_cpu(e[3], e[2], get32(e + 4));
		break;
	case MADT_X2APIC:
		if (get32(e + 4) != 0xffffffff)
			madt_add_cpu(get32(e + 4), get32(e + 12), get32(e + 8));
		break;
	case MADT_IOAPIC:
		if (acpi.ioapic_count < ACPI_MAX_IOAPICS)
			acpi.ioapics[acpi.ioapic_count++] =
				(struct acpi_ioapic){ get32(e + 4), get32(e + 8), e[2] };
		break;
	case MADT_OVERRIDE:
		madt_add_override(e);
		break;
	case MADT_LAPIC_NMI:
		madt_add_nmi(e[2] == 0xff ? ~0u : e[2], e[5]);
		break;
	case MADT_X2APIC_NMI:
		madt_add_nmi(get32(e + 4), e[8]);
		break;
	case MADT_LAPIC_ADDRESS:
		memcpy(&acpi.lapic_address, e + 4, 8);
		break;
	}
}

static void parse_madt(uint64_t maddr, uint32_t length)
{
	uint32_t fixed[2];	/* local APIC address, flags */
	uint32_t pos = sizeof(struct table_header) + sizeof(fixed);

	if (length < pos || acpi_read(fixed, maddr + sizeof(struct table_header), sizeof(fixed)))
		return;
	acpi.lapic_address = fixed[0];
	acpi.has_8259 = fixed[1] & MADT_PCAT_COMPAT;
	while (pos + 2 <= length) {
		uint8_t e[16] = { 0 };

		if (acpi_read(e, maddr + pos, 2) || e[1] < 2 || e[1] > length - pos ||
		    acpi_read(e, maddr + pos, MIN(e[1], (uint8_t)sizeof(e))))
			break;
		madt_entry(e);
		pos += e[1];
	}
}

/* The extended form of a register where the table has it, else the 32-bit port. */
static struct acpi_register fadt_register(const struct generic_address *x, uint32_t port,
					  uint8_t bytes)
{
	if (x->address && x->space <= ACPI_SPACE_IO)
		return (struct acpi_register){ x->address, x->space, x->bits };
	return (struct acpi_register){ port, ACPI_SPACE_IO, bytes * 8 };
}

static void parse_fadt(uint64_t maddr, uint32_t length)
{
	struct fadt f;

	memset(&f, 0, sizeof(f));
	if (length < offsetof(struct fadt, reset) ||
	    acpi_read(&f, maddr, MIN((size_t)length, sizeof(f))))
		return;
	acpi.sci_irq = f.sci_irq;
	acpi.pm1a_event = fadt_register(&f.x_pm1a_event, f.pm1a_event, f.pm1_event_length);
	acpi.pm1b_event = fadt_register(&f.x_pm1b_event, f.pm1b_event, f.pm1_event_length);
	acpi.pm1a_control = fadt_register(&f.x_pm1a_control, f.pm1a_control, f.pm1_control_length);
	acpi.pm1b_control = fadt_register(&f.x_pm1b_control, f.pm1b_control, f.pm1_control_length);
	acpi.pm_timer = fadt_register(&f.x_pm_timer, f.pm_timer, f.pm_timer_length);
	acpi.pm_timer_32bit = f.flags & FADT_PM_TIMER_32BIT;
	acpi.reset_supported = f.flags & FADT_RESET_SUPPORTED && f.reset.address;
	acpi.reset = (struct acpi_register){ f.reset.address, f.reset.space, f.reset.bits };
	acpi.reset_value = f.reset_value;
}

static void parse_hpet(uint64_t maddr, uint32_t length)
{
	struct {
		uint32_t block_id;
		struct generic_address base;
	} __packed hpet;

	if (length >= sizeof(struct table_header) + sizeof(hpet) &&
	    !acpi_read(&hpet, maddr + sizeof(struct table_header), sizeof(hpet)) &&
	    hpet.base.space == ACPI_SPACE_MEMORY && !acpi.hpet_address)
		acpi.hpet_address = hpet.base.address;
}

static void parse_mcfg(uint64_t maddr, uint32_t length)
{
	struct {
		uint64_t address;
		uint16_t segment;
		uint8_t start_bus, end_bus;
		uint32_t reserved;
	} __packed m;

	for (uint32_t pos = sizeof(struct table_header) + 8;
	     pos + sizeof(m) <= length && acpi.mcfg_count < ACPI_MAX_MCFG; pos += sizeof(m)) {
		if (acpi_read(&m, maddr + pos, sizeof(m)))
			return;
		if (m.start_bus <= m.end_bus)
			acpi.mcfg[acpi.mcfg_count++] = (struct acpi_mcfg){
				m.address, m.segment, m.start_bus, m.end_bus
			};
	}
}

static void parse_table(uint64_t maddr)
{
	static const struct {
		char signature[5];
		void (*parse)(uint64_t maddr, uint32_t length);
	} parsers[] = {
		{ "APIC", parse_madt }, { "FACP", parse_fadt },
		{ "HPET", parse_hpet }, { "MCFG", parse_mcfg },
	};
	struct table_header h;

	if (acpi_read(&h, maddr, sizeof(h)) || h.length < sizeof(h) || h.length > MAX_TABLE_LENGTH)
		return;
	for (unsigned int i = 0; i < ARRAY_SIZE(parsers); i++) {
		if (memcmp(h.signature, parsers[i].signature, 4))
			continue;
		if (check_sum(maddr, h.length))
			log_warn("acpi: table %s has a wrong checksum, ignored",
				 parsers[i].signature);
		else
			parsers[i].parse(maddr, h.length);
	}
}

/* The table of tables: entries of 8 bytes (XSDT) or 4 (RSDT). */
static int parse_root(uint64_t maddr, const char *signature, unsigned int entry_size)
{
	struct table_header h;
	uint32_t count;

	if (!maddr || acpi_read(&h, maddr, sizeof(h)) || memcmp(h.signature, signature, 4) ||
	    h.length < sizeof(h) || h.length > MAX_TABLE_LENGTH || check_sum(maddr, h.length))
		return -EINVAL;
	count = MIN((h.length - sizeof(h)) / entry_size, (size_t)MAX_TABLES);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t entry = 0;

		if (!acpi_read(&entry, maddr + sizeof(h) + (uint64_t)i * entry_size, entry_size) &&
		    entry)
			parse_table(entry);
	}
	return 0;
}

int acpi_init(uint64_t rsdp_address)
{
	struct rsdp rsdp;
	int rc = -ENOENT;

	memset(&acpi, 0, sizeof(acpi));
	if (rsdp_address && rsdp_valid(rsdp_address, &rsdp))
		acpi.rsdp = rsdp_address;
	else
		acpi.rsdp = rsdp_search(&rsdp);
	if (acpi.rsdp) {
		rc = parse_root(rsdp.revision >= 2 ? rsdp.xsdt : 0, "XSDT", 8);
		if (rc)
			rc = parse_root(rsdp.rsdt, "RSDT", 4);
	}
	if (rc) {
		log_warn("acpi: no usable tables");
		acpi.rsdp = 0;
		rc = -ENOENT;
	}
	if (!acpi.lapic_address)
		acpi.lapic_address = 0xfee00000;
	log_info("acpi: %u processors, %u io-apics, %u overrides, hpet %lx, pm timer %lx",
		 acpi.cpu_count, acpi.ioapic_count, acpi.override_count,
		 (unsigned long)acpi.hpet_address, (unsigned long)acpi.pm_timer.address);
	return rc;
}

struct acpi_override acpi_isa_irq(uint8_t isa_irq)
{
	for (unsigned int i = 0; i < acpi.override_count; i++)
		if (acpi.overrides[i].isa_irq == isa_irq)
			return acpi.overrides[i];
	return (struct acpi_override){ .isa_irq = isa_irq, .gsi = isa_irq };
}
