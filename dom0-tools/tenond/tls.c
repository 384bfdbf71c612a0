// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sessions by GnuTLS.  What is within a session travels over a socket pair, so that
 * programs that know nothing of TLS can read and write it.
 */
#include "tls.h"
#include "file.h"
#include "peer.h"

#include <dirent.h>
#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PRIORITY	"NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define PRIORITY_OLD	PRIORITY ":-CIPHER-ALL:+CHACHA20-POLY1305:+AES-256-GCM:+AES-128-GCM"
#define YEARS		(100ll * 365 * 86400)	/* it is known by itself, and ends when it is removed */
#define PIECE		65536

struct session {
	gnutls_session_t tls;
	gnutls_certificate_credentials_t credentials;
	int fd;				/* the connection */
	int inner;			/* our end of the pair */
	struct patience *patience;	/* with a side that is sent much; NULL: none */
	pthread_t incoming;
};

static int failed(struct error *error, const char *object, const char *next, const char *cause)
{
	return error_set(error, ERROR_UNREACHABLE, object, next, "%s", cause);
}

static void file_path(const char *dir, const char *name, char path[512])
{
	snprintf(path, 512, "%s/%s", dir, name);
}

static int write_file(const char *dir, const char *name, const void *data, size_t size, mode_t mode)
{
	char path[FILE_PATH_MAX];

	file_path(dir, name, path);
	return file_replace(path, data, size, mode, true);
}

/* A certificate that says no more than this host's name, signed by itself. */
static int make_certificate(gnutls_x509_privkey_t key, gnutls_x509_crt_t crt)
{
	char name[65] = "";
	unsigned char serial[16];
	int rc = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));

	gethostname(name, sizeof(name) - 1);
	serial[0] &= 0x7f;
	if (rc >= 0)
		rc = gnutls_x509_crt_set_version(crt, 3);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
	if (rc >= 0)
		rc = gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
						   (unsigned int)strlen(name));
	if (rc >= 0)
		rc = gnutls_x509_crt_set_activation_time(crt, 0);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_expiration_time(crt, time(NULL) + YEARS);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_key(crt, key);
	return rc >= 0 ? gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0) : rc;
}

static int make_identity(const char *dir, gnutls_x509_privkey_t key, gnutls_x509_crt_t crt)
{
	gnutls_datum_t text = { 0 };
	int rc = gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
					      GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);

	if (rc >= 0)
		rc = make_certificate(key, crt);
	if (rc >= 0)
		rc = gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &text);
	if (rc >= 0 && write_file(dir, "key.pem", text.data, text.size, 0600))
		rc = GNUTLS_E_FILE_ERROR;
	gnutls_free(text.data);
	text.data = NULL;
	if (rc >= 0)
		rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &text);
	/* The certificate is last: where it is, the key is. */
	if (rc >= 0 && write_file(dir, "cert.pem", text.data, text.size, 0644))
		rc = GNUTLS_E_FILE_ERROR;
	gnutls_free(text.data);
	return rc;
}

int tls_prepare(const char *dir, struct error *error)
{
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t crt = NULL;
	char path[512];
	int rc;

	file_path(dir, "peers", path);
	rc = folder_make(path);
	if (rc)
		return error_set(error, ERROR_INTERNAL, dir, NULL, "cannot be made: %s", strerror(-rc));
	file_path(dir, "cert.pem", path);
	if (!access(path, F_OK))
		return 0;
	rc = gnutls_x509_privkey_init(&key);
	if (rc >= 0)
		rc = gnutls_x509_crt_init(&crt);
	if (rc >= 0)
		rc = make_identity(dir, key, crt);
	gnutls_x509_privkey_deinit(key);
	gnutls_x509_crt_deinit(crt);
	return rc < 0 ? error_set(error, ERROR_INTERNAL, dir, NULL, "no certificate can be made: %s",
				  gnutls_strerror(rc)) : 0;
}

char *tls_certificate(const char *dir, struct error *error)
{
	gnutls_datum_t text;
	char path[512], *copy = NULL;
	int rc = tls_prepare(dir, error);

	file_path(dir, "cert.pem", path);
	if (!rc)
		rc = gnutls_load_file(path, &text);
	if (rc == 0) {
		copy = strndup((const char *)text.data, text.size);
		gnutls_free(text.data);
	}
	if (!copy && error->kind == ERROR_NONE)
		error_set(error, ERROR_INTERNAL, path, NULL, "cannot be read");
	return copy;
}

static bool name_is_good(const char *name)
{
	return *name && *name != '.' && strlen(name) < 200 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:") ==
	       strlen(name);
}

int tls_add_peer(const char *dir, const char *name, const char *pem, size_t size, struct error *error)
{
	gnutls_datum_t text = { .data = (unsigned char *)pem, .size = (unsigned int)size };
	gnutls_x509_crt_t crt;
	char file[256];
	int rc = tls_prepare(dir, error);

	if (rc)
		return rc;
	if (!name_is_good(name))
		return error_set(error, ERROR_REQUEST, name, "give the name or address that tenon migrate is given",
				 "is no name of a host");
	rc = gnutls_x509_crt_init(&crt);
	if (rc >= 0)
		rc = gnutls_x509_crt_import(crt, &text, GNUTLS_X509_FMT_PEM);
	gnutls_x509_crt_deinit(crt);
	if (rc < 0)
		return error_set(error, ERROR_REQUEST, name, "give what tenon host cert prints there",
				 "its certificate cannot be read: %s", gnutls_strerror(rc));
	snprintf(file, sizeof(file), "peers/%s.pem", name);
	rc = write_file(dir, file, pem, size, 0644);
	return rc ? error_set(error, ERROR_INTERNAL, dir, NULL, "cannot be written: %s", strerror(-rc)) : 0;
}

int tls_remove_peer(const char *dir, const char *name, struct error *error)
{
	char file[256], path[512];

	snprintf(file, sizeof(file), "peers/%.200s.pem", name);
	file_path(dir, file, path);
	if (name_is_good(name) && !unlink(path))
		return 0;
	if (name_is_good(name) && errno != ENOENT)
		return error_set(error, ERROR_INTERNAL, path, NULL, "cannot be removed: %s", strerror(errno));
	return error_set(error, ERROR_NOT_FOUND, name, "tenon host list shows them", "is no enrolled host");
}

/* The certificate in a file, as DER to be freed. */
static bool load_certificate(const char *path, gnutls_datum_t *der)
{
	gnutls_datum_t text = { 0 };
	gnutls_x509_crt_t crt = NULL;
	bool loaded;

	if (gnutls_load_file(path, &text) < 0)
		return false;
	loaded = gnutls_x509_crt_init(&crt) >= 0 &&
		 gnutls_x509_crt_import(crt, &text, GNUTLS_X509_FMT_PEM) >= 0 &&
		 gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_DER, der) >= 0;
	gnutls_x509_crt_deinit(crt);
	gnutls_free(text.data);
	return loaded;
}

static json_t *describe_peer(const char *path, const char *name, size_t length)
{
	char text[65] = "";
	unsigned char hash[32];
	gnutls_datum_t der = { 0 };

	if (load_certificate(path, &der) && gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size, hash) >= 0)
		for (size_t i = 0; i < sizeof(hash); i++)
			sprintf(text + 2 * i, "%02x", hash[i]);
	gnutls_free(der.data);
	return json_pack("{s:s%, s:s}", "name", name, length, "fingerprint", text);
}

json_t *tls_peers(const char *dir)
{
	json_t *list = json_array();
	char folder[512], path[800];
	struct dirent **entries;
	int count;

	file_path(dir, "peers", folder);
	count = scandir(folder, &entries, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name, *dot = strrchr(name, '.');

		snprintf(path, sizeof(path), "%s/%s", folder, name);
		if (*name != '.' && dot && !strcmp(dot, ".pem"))
			json_array_append_new(list, describe_peer(path, name, (size_t)(dot - name)));
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return list;
}

/* Whether a file holds just this certificate. */
static bool is_certificate(const char *path, const gnutls_datum_t *shown)
{
	gnutls_datum_t der = { 0 };
	bool same = load_certificate(path, &der) && der.size == shown->size &&
		    !memcmp(der.data, shown->data, der.size);

	gnutls_free(der.data);
	return same;
}

static bool is_accepted(const char *dir, const char *name, const gnutls_datum_t *shown)
{
	char folder[512], path[800];
	struct dirent *entry;
	bool accepted = false;
	DIR *files;

	file_path(dir, "peers", folder);
	if (name) {
		snprintf(path, sizeof(path), "%s/%s.pem", folder, name);
		return name_is_good(name) && is_certificate(path, shown);
	}
	files = opendir(folder);
	while (files && !accepted && (entry = readdir(files))) {
		const char *dot = strrchr(entry->d_name, '.');

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		accepted = dot && !strcmp(dot, ".pem") && is_certificate(path, shown);
	}
	if (files)
		closedir(files);
	return accepted;
}

static int shake_hands(struct session *session, const char *dir, const char *name, struct error *error)
{
	const char *who = name ? name : "the other host";
	const gnutls_datum_t *shown;
	unsigned int count;
	int rc;

	gnutls_transport_set_int(session->tls, session->fd);
	gnutls_handshake_set_timeout(session->tls, PEER_TIMEOUT_MS);
	do
		rc = gnutls_handshake(session->tls);
	while (rc < 0 && !gnutls_error_is_fatal(rc));
	if (rc < 0)
		return failed(error, who, "is it enrolled there? tenon host list there says so",
			      gnutls_strerror(rc));
	shown = gnutls_certificate_get_peers(session->tls, &count);
	if (!shown || !count || !is_accepted(dir, name, shown))
		return failed(error, who, "enrol it: tenon host add HOST FILE, with what tenon host cert prints there",
			      "shows a certificate that is not known here");
	return 0;
}

/* What comes encrypted goes inwards, up to its end. */
static void *carry_in(void *data)
{
	struct session *session = data;
	char *piece = malloc(PIECE);
	ssize_t got = piece ? 1 : 0;

	while (got > 0) {
		ssize_t done = 0;

		do
			got = gnutls_record_recv(session->tls, piece, PIECE);
		while (got < 0 && !gnutls_error_is_fatal((int)got));
		while (got > 0 && done < got) {
			ssize_t sent = send(session->inner, piece + done, (size_t)(got - done), MSG_NOSIGNAL);

			if (sent <= 0)
				got = -1;
			else
				done += sent;
		}
	}
	/* A connection that was cut is no end like others: what is within must not look whole. */
	shutdown(session->inner, got ? SHUT_RDWR : SHUT_WR);
	free(piece);
	return NULL;
}

/* What is written within goes out, up to its end; then the session's. */
static void *carry_out(void *data)
{
	struct session *session = data;
	char *piece = malloc(PIECE);
	ssize_t got = piece ? 1 : 0;

	while (got > 0) {
		ssize_t done = 0, sent = 1;

		got = read(session->inner, piece, PIECE);
		while (got > 0 && done < got && sent > 0) {
			do
				sent = gnutls_record_send(session->tls, piece + done, (size_t)(got - done));
			while (sent < 0 && !gnutls_error_is_fatal((int)sent));
			done += sent;
		}
		if (sent <= 0)
			got = -1;
	}
	gnutls_bye(session->tls, GNUTLS_SHUT_WR);
	shutdown(session->fd, got < 0 ? SHUT_RDWR : SHUT_WR);
	pthread_join(session->incoming, NULL);
	gnutls_deinit(session->tls);
	gnutls_certificate_free_credentials(session->credentials);
	patience_end(session->patience);
	close(session->fd);
	close(session->inner);
	free(piece);
	free(session);
	return NULL;
}

static int start_threads(struct session *session, int pair[2])
{
	pthread_t outgoing;

	session->inner = pair[1];
	if (pthread_create(&session->incoming, NULL, carry_in, session))
		return -EAGAIN;
	if (pthread_create(&outgoing, NULL, carry_out, session)) {
		shutdown(session->fd, SHUT_RDWR);
		pthread_join(session->incoming, NULL);
		return -EAGAIN;
	}
	pthread_detach(outgoing);
	return 0;
}

/* Processors without instructions for AES are faster with the other cipher; the one that connects has its way. */
static const char *priority(void)
{
	return __builtin_cpu_supports("aes") && __builtin_cpu_supports("pclmul") ? PRIORITY : PRIORITY_OLD;
}

static int open_session(struct session *session, bool server, const char *dir)
{
	char cert[512], key[512];
	int rc = gnutls_certificate_allocate_credentials(&session->credentials);

	file_path(dir, "cert.pem", cert);
	file_path(dir, "key.pem", key);
	if (rc >= 0)
		rc = gnutls_certificate_set_x509_key_file(session->credentials, cert, key,
							  GNUTLS_X509_FMT_PEM);
	if (rc >= 0)
		rc = gnutls_init(&session->tls, server ? GNUTLS_SERVER : GNUTLS_CLIENT);
	if (rc >= 0)
		rc = gnutls_priority_set_direct(session->tls, priority(), NULL);
	if (rc >= 0)
		rc = gnutls_credentials_set(session->tls, GNUTLS_CRD_CERTIFICATE, session->credentials);
	if (rc >= 0 && server)
		gnutls_certificate_server_set_request(session->tls, GNUTLS_CERT_REQUIRE);
	return rc;
}

int tls_wrap(int fd, bool server, const char *dir, const char *name, struct error *error)
{
	struct session *session = calloc(1, sizeof(*session));
	int pair[2] = { -1, -1 }, rc = session ? tls_prepare(dir, error) : -ENOMEM;

	if (!rc) {
		session->fd = fd;
		rc = open_session(session, server, dir);
		rc = rc < 0 ? failed(error, dir, "remove cert.pem and key.pem there to have new ones made",
				     gnutls_strerror(rc)) : shake_hands(session, dir, name, error);
	}
	/* It is the side that has called which sends much. */
	if (!rc && !server)
		session->patience = patience_begin(fd, &peer_limits);
	if (!rc && (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) ||
		    start_threads(session, pair)))
		rc = error_set(error, ERROR_INTERNAL, "tenond", NULL, "no thread can be started");
	if (!rc)
		return pair[0];
	if (session) {
		if (session->tls)
			gnutls_deinit(session->tls);
		gnutls_certificate_free_credentials(session->credentials);
		patience_end(session->patience);
	}
	for (int i = 0; i < 2; i++)
		if (pair[i] >= 0)
			close(pair[i]);
	free(session);
	close(fd);
	return rc;
}
