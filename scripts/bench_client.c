/* What a C program sees: bench_client READER COUNT [APDU...] sends the APDUs in turn, COUNT in all, through PC/SC and
 * prints commands per second. Compiled by scripts/bench: cc -O2 $(pkg-config --cflags libpcsclite) ... -lpcsclite */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <winscard.h>

#define MAX_APDUS 64
#define MAX_APDU 264

static void check(LONG result, const char *what)
{
	if (result != SCARD_S_SUCCESS) {
		fprintf(stderr, "%s: %s\n", what, pcsc_stringify_error(result));
		exit(1);
	}
}

int main(int argc, char **argv)
{
	static unsigned char apdus[MAX_APDUS][MAX_APDU];
	size_t lengths[MAX_APDUS];
	unsigned char response[MAX_BUFFER_SIZE_EXTENDED];
	SCARDCONTEXT context;
	SCARDHANDLE card;
	DWORD protocol;
	struct timespec begin, end;
	int kinds = argc - 3;

	if (kinds < 1 || kinds > MAX_APDUS) {
		fprintf(stderr, "usage: bench_client READER COUNT APDU...\n");
		return 2;
	}
	for (int kind = 0; kind < kinds; kind++) {
		const char *digits = argv[3 + kind];
		lengths[kind] = strlen(digits) / 2;
		if (lengths[kind] > MAX_APDU)
			return 2;
		for (size_t i = 0; i < lengths[kind]; i++)
			if (sscanf(digits + 2 * i, "%2hhx", &apdus[kind][i]) != 1)
				return 2;
	}
	check(SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context), "establish");
	check(SCardConnect(context, argv[1], SCARD_SHARE_SHARED, SCARD_PROTOCOL_ANY, &card, &protocol), "connect");
	const SCARD_IO_REQUEST *pci = protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1;
	int count = atoi(argv[2]);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < count; i++) {
		DWORD size = sizeof response;
		check(SCardTransmit(card, pci, apdus[i % kinds], lengths[i % kinds], NULL, response, &size), "transmit");
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	double seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	printf("%.0f\n", count / seconds);
	SCardDisconnect(card, SCARD_LEAVE_CARD);
	SCardReleaseContext(context);
	return 0;
}
