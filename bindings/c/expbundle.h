/* expbundle.h: verify, read and record experiment bundles (.expb) from C.
 *
 * Handles are what a call gives: free each once, with the function of its type, in any order; what
 * was made from another handle does not need it. NULL may be handed to every function: it is an
 * error, and freeing it does nothing. Texts are UTF-8 and end with a zero byte; those that are
 * given back belong to their handle.
 *
 * A call that fails gives NULL or false. Its last argument, unless it is NULL, then holds an error
 * to free, else NULL. No call prints, reads a clock or the environment, or ends the process.
 *
 * All moments are nanoseconds since 1970-01-01 UTC: (int64_t)time(NULL) * EXPB_SECOND is now.
 *
 * Several threads may use one handle at once, a run among them; only freeing has to be the last. A
 * long call starts threads of its own, which end before it returns, so a process may fork between
 * calls. */

#ifndef EXPBUNDLE_H
#define EXPBUNDLE_H

/* Made by cbindgen from bindings/c/src: UPDATE_HEADER=1 cargo test --workspace --test header */

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* A second, in the nanoseconds that all moments are in. */
#define EXPB_SECOND INT64_C(1000000000)

/*
 The version of the ABI that this header describes. A function that is added leaves it as it is.
 */
#define EXPB_ABI 1

/*
 Stands for a step or moment that is unknown.
 */
#define EXPB_NONE INT64_MIN

/*
 A bundle that is intact: every name, digest and signature in it was recomputed. It never changes.
 */
typedef struct ExpbBundle ExpbBundle;

/*
 Bytes that were read. They need nothing that they were read from.
 */
typedef struct ExpbBytes ExpbBytes;

/*
 Why a call could not do its work. Its texts live until it is freed.
 */
typedef struct ExpbError ExpbError;

/*
 What was found of a bundle or model folder. Its texts live until it is freed.
 */
typedef struct ExpbReport ExpbReport;

/*
 A run in the making. expb_run_finish makes the bundle.
 */
typedef struct ExpbRun ExpbRun;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/*
 The version of the ABI that the loaded library has: EXPB_ABI if header and library fit.
 */
uint32_t expb_abi(void);

/*
 The version of the library as text, like "0.1.0". It lives as long as the library is loaded.
 */
const char *expb_version(void);

/*
 A stable code of docs/codes.md or spec/codes.toml, like "container.entry-order" or "cli.io"; or
 "c.panic" for a mistake in the library.
 */
const char *expb_error_code(const ExpbError *error);

/*
 What is wrong, in a line.
 */
const char *expb_error_message(const ExpbError *error);

/*
 Where: a file, a member, a byte; or NULL.
 */
const char *expb_error_place(const ExpbError *error);

/*
 What to do, or NULL.
 */
const char *expb_error_help(const ExpbError *error);

/*
 Frees an error; NULL is allowed.
 */
void expb_error_free(ExpbError *error);

/*
 The bytes; they live until the handle is freed. NULL for NULL.
 */
const uint8_t *expb_bytes_data(const ExpbBytes *bytes);

/*
 How many there are; 0 for NULL.
 */
size_t expb_bytes_length(const ExpbBytes *bytes);

/*
 Frees bytes; NULL is allowed.
 */
void expb_bytes_free(ExpbBytes *bytes);

/*
 The report as `expbundle verify --json` writes it (schemas/report.schema.json). NULL for NULL.
 */
const char *expb_report_json(const ExpbReport *report);

/*
 "refused", "malformed", "intact", "signed" or "trusted". NULL for NULL.
 */
const char *expb_report_state(const ExpbReport *report);

/*
 Whether the state that was required holds. This is the answer to ask for: false for NULL, so
 that a check that could not be made never passes.
 */
bool expb_report_holds(const ExpbReport *report);

/*
 Frees a report; NULL is allowed.
 */
void expb_report_free(ExpbReport *report);

/*
 Opens and checks a bundle, or that of a model folder. NULL, with the first error as a finding's
 code, if it is not intact; expb_verify lists all of them.
 */
ExpbBundle *expb_bundle_open(const char *path, ExpbError **error);

/*
 The same from bytes, which are copied.
 */
ExpbBundle *expb_bundle_from_bytes(const uint8_t *bytes, size_t length, ExpbError **error);

/*
 How many records it has; 0 for NULL.
 */
size_t expb_bundle_record_count(const ExpbBundle *bundle);

/*
 The id of a record, in the order of the ids, or NULL beyond the last. It lives until the bundle
 is freed.
 */
const char *expb_bundle_record_id(const ExpbBundle *bundle, size_t index);

/*
 The bytes of record.json, which lists inputs, outputs, parents and sections. `record` is the
 beginning of an id; NULL for the only record.
 */
ExpbBytes *expb_bundle_record(const ExpbBundle *bundle, const char *record, ExpbError **error);

/*
 The bytes of a section, like "context.json", "recipe.json" or "metrics.parquet". `record` is as
 for expb_bundle_record.
 */
ExpbBytes *expb_bundle_section(const ExpbBundle *bundle,
                               const char *record,
                               const char *name,
                               ExpbError **error);

/*
 The bytes of its file.
 */
ExpbBytes *expb_bundle_bytes(const ExpbBundle *bundle, ExpbError **error);

/*
 Saves it. A file that is there is left as it is, and that is an error, unless `overwrite` is
 true. Written is all of it or nothing.
 */
bool expb_bundle_save(const ExpbBundle *bundle,
                      const char *path,
                      bool overwrite,
                      ExpbError **error);

/*
 Frees a bundle; NULL is allowed. What was read from it stays.
 */
void expb_bundle_free(ExpbBundle *bundle);

/*
 Checks a bundle, or a model folder with one.

 `signers` is the text of a signers file (OpenSSH's allowed_signers), or NULL: then nobody is
 trusted. `required` is "intact", "signed" or "trusted"; NULL for trusted with signers and intact
 without. `at_ns` is the moment to judge keys at.

 Gives a report for whatever can be read, also if it is damaged: ask expb_report_holds. NULL, with
 an error, if there is no answer.
 */
ExpbReport *expb_verify(const char *path,
                        const char *signers,
                        const char *required,
                        int64_t at_ns,
                        ExpbError **error);

/*
 Checks the bytes of a bundle, which are copied. Everything else is as for expb_verify.
 */
ExpbReport *expb_verify_bytes(const uint8_t *bytes,
                              size_t length,
                              const char *signers,
                              const char *required,
                              int64_t at_ns,
                              ExpbError **error);

/*
 Checks a bundle that is open, as a stranger would who gets its file. Everything else is as for
 expb_verify.
 */
ExpbReport *expb_bundle_verify(const ExpbBundle *bundle,
                               const char *signers,
                               const char *required,
                               int64_t at_ns,
                               ExpbError **error);

/*
 The bundle with a signature: who signs vouches for all that the record says. The bundle that was
 given stays as it is, and both have to be freed.

 `record` is the beginning of an id; NULL for the only one that no other follows from. `key` is
 the file of a private Ed25519 key, OpenSSH or PKCS#8, whose copies are wiped; `passphrase` may be
 NULL. `name` is what the signer is called, or NULL. `at_ns` is when it is signed.
 */
ExpbBundle *expb_bundle_sign(const ExpbBundle *bundle,
                             const char *record,
                             const uint8_t *key,
                             size_t key_length,
                             const char *passphrase,
                             const char *name,
                             int64_t at_ns,
                             ExpbError **error);

/*
 Begins a run.
 */
ExpbRun *expb_run_new(const char *title, ExpbError **error);

/*
 When it started and ended; EXPB_NONE for what is unknown.
 */
bool expb_run_times(const ExpbRun *run, int64_t started_ns, int64_t ended_ns, ExpbError **error);

/*
 How it ended: "scheduled", "running", "finished", "failed", "killed", "crashed" or "unknown".
 */
bool expb_run_status(const ExpbRun *run, const char *status, ExpbError **error);

/*
 The tool that tracked it, and that tool's id of it.
 */
bool expb_run_tracked_by(const ExpbRun *run, const char *tool, const char *id, ExpbError **error);

/*
 Notes in Markdown, in the place of earlier ones.
 */
bool expb_run_notes(const ExpbRun *run, const char *notes, ExpbError **error);

/*
 Keeps what looks like a secret of this kind, or at this place: for a false alarm. The error of
 the call that was refused names both.
 */
bool expb_run_allow_secrets(const ExpbRun *run, const char *name, ExpbError **error);

/*
 Keeps what the run is told in a file as well, from now on, before its first point; nothing may be
 there. `expbundle create --from` makes the bundle of a run whose process was killed.
 */
bool expb_run_journal(const ExpbRun *run, const char *path, ExpbError **error);

/*
 A point of a metric. `step` and `time_ns` may be EXPB_NONE.
 */
bool expb_run_point(const ExpbRun *run,
                    const char *key,
                    int64_t step,
                    int64_t time_ns,
                    double value,
                    ExpbError **error);

/*
 A file or folder that went in, with its role: "model", "dataset", … It is hashed now, and not
 copied.
 */
bool expb_run_input(const ExpbRun *run, const char *role, const char *path, ExpbError **error);

/*
 A file or folder that came out, in the same way.
 */
bool expb_run_output(const ExpbRun *run, const char *role, const char *path, ExpbError **error);

/*
 A record that this one follows from, by the relation: "fine-tuned-from", "resumed-from", …
 `record` is the beginning of an id in `parent`; NULL for its only record.
 */
bool expb_run_derive_from(const ExpbRun *run,
                          const ExpbBundle *parent,
                          const char *record,
                          const char *relation,
                          ExpbError **error);

/*
 A section of the format by its name and bytes, which are copied; or a file of one's own.
 context.json, recipe.json, artifacts.json, identity.json and summary.json are added to what the
 run was told: labels, groups and code are told so.
 */
bool expb_run_section(const ExpbRun *run,
                      const char *name,
                      const uint8_t *bytes,
                      size_t length,
                      ExpbError **error);

/*
 Makes the bundle, unsigned and checked. After that the run takes nothing more, and still has to
 be freed. If it fails, the run stays open: mend what the error names, and finish it again.
 */
ExpbBundle *expb_run_finish(const ExpbRun *run, ExpbError **error);

/*
 Frees a run; NULL is allowed. One that is not finished is lost.
 */
void expb_run_free(ExpbRun *run);

/*
 A file that went in and is elsewhere, with its role, its size in bytes, and its SHA-256 or BLAKE3
 in hex, or both. `name`, `uri` and one of the digests may be NULL. The digests are taken on trust.
 */
bool expb_run_known_input(const ExpbRun *run,
                          const char *role,
                          const char *name,
                          uint64_t size,
                          const char *sha256,
                          const char *blake3,
                          const char *uri,
                          ExpbError **error);

/*
 A file that came out and is elsewhere, in the same way.
 */
bool expb_run_known_output(const ExpbRun *run,
                           const char *role,
                           const char *name,
                           uint64_t size,
                           const char *sha256,
                           const char *blake3,
                           const char *uri,
                           ExpbError **error);

/*
 A parameter whose value is a text. What looks like a secret is refused, here and by the two
 functions below, unless expb_run_allow_secrets allowed it. The last value of a name counts.
 */
bool expb_run_param_text(const ExpbRun *run,
                         const char *name,
                         const char *value,
                         ExpbError **error);

/*
 A parameter whose value is a number; NaN and infinities are kept.
 */
bool expb_run_param_number(const ExpbRun *run, const char *name, double value, ExpbError **error);

/*
 A parameter whose value is JSON: an integer, a truth value, a list, an object.
 */
bool expb_run_param_json(const ExpbRun *run,
                         const char *name,
                         const char *value,
                         ExpbError **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* EXPBUNDLE_H */
