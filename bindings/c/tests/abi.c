/* Verifies, reads and records bundles through expbundle.h, and hands over what no careful program
 * would. Arguments: the folder of conformance cases, and the folder of test keys. Works in the
 * current folder, which has a file "model.bin". */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expbundle.h"

#define NOW (1795996800 * EXPB_SECOND)

static int checks = 0;

static void check(bool holds, const char *what, int line) {
  checks++;
  if (!holds) {
    fprintf(stderr, "abi.c:%d: %s\n", line, what);
    exit(1);
  }
}
#define CHECK(what) check((what), #what, __LINE__)

/* That a call failed with this code, in a message that says this. */
static void failed(ExpbError *error, const char *code, const char *says, int line) {
  check(error != NULL, "there is an error", line);
  if (strcmp(expb_error_code(error), code) != 0 || strstr(expb_error_message(error), says) == NULL) {
    fprintf(stderr, "abi.c:%d: %s: %s\n", line, expb_error_code(error), expb_error_message(error));
    exit(1);
  }
  checks++;
  expb_error_free(error);
}
#define FAILED(error, code, says) failed((error), (code), (says), __LINE__)

/* That a call went well. */
static void well(const ExpbError *error, int line) {
  if (error != NULL) {
    const char *help = expb_error_help(error);
    fprintf(stderr, "abi.c:%d: %s (%s)\n", line, expb_error_message(error), help ? help : "no help");
    exit(1);
  }
}
#define WELL(error) well((error), __LINE__)

static unsigned char *file(const char *folder, const char *name, size_t *length) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *opened = fopen(path, "rb");
  CHECK(opened != NULL);
  unsigned char *bytes = malloc(1 << 20);
  CHECK(bytes != NULL);
  *length = fread(bytes, 1, (1 << 20) - 1, opened);
  bytes[*length] = 0;
  fclose(opened);
  return bytes;
}

static ExpbRun *begun(void) {
  ExpbError *error;
  ExpbRun *run = expb_run_new("digits, 3 layers", &error);
  WELL(error);
  CHECK(expb_run_times(run, NOW - 60 * EXPB_SECOND, NOW, &error));
  CHECK(expb_run_status(run, "finished", &error));
  CHECK(expb_run_tracked_by(run, "mytracker", "42", &error));
  CHECK(expb_run_notes(run, "first try", &error));
  CHECK(expb_run_param_number(run, "rate", 0.1, &error));
  CHECK(expb_run_param_text(run, "optimizer", "007", &error));
  CHECK(expb_run_param_json(run, "layers", "[64, 32]", &error));
  CHECK(expb_run_output(run, "model", "model.bin", &error));
  CHECK(expb_run_known_input(run, "dataset", "digits.csv", 3,
                             "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", NULL,
                             "s3://data/digits.csv", &error));
  CHECK(!expb_run_known_input(run, "dataset", NULL, 3, "ba78", NULL, NULL, &error));
  FAILED(error, "cli.usage", "sha256");
  CHECK(!expb_run_known_output(run, "model", NULL, 3, NULL, NULL, NULL, &error));
  FAILED(error, "cli.usage", "digest");
  /* Refused now, and not after hours; a false alarm can be allowed. */
  CHECK(!expb_run_param_text(run, "password", "hunter2", &error));
  FAILED(error, "source.secret", "password");
  CHECK(expb_run_allow_secrets(run, "password", &error));
  CHECK(expb_run_param_text(run, "password", "hunter2", &error));
  const char *labels = "{\"labels\": {\"area\": \"search\"}}";
  CHECK(expb_run_section(run, "context.json", (const unsigned char *)labels, strlen(labels), &error));
  CHECK(!expb_run_journal(run, "nowhere/run.expj", &error));
  FAILED(error, "cli.io", "journal");
  for (int64_t step = 0; step < 100; step++)
    CHECK(expb_run_point(run, "train/loss", step, EXPB_NONE, 1.0 / (double)(step + 1), &error));
  CHECK(expb_run_point(run, "odd", EXPB_NONE, NOW, NAN, &error));
  return run;
}

static void records_signs_and_saves(const char *keys) {
  ExpbError *error;
  ExpbRun *run = begun();
  ExpbBundle *bundle = expb_run_finish(run, &error);
  WELL(error);
  CHECK(!expb_run_notes(run, "too late", &error));
  FAILED(error, "cli.usage", "finished");
  CHECK(expb_run_finish(run, &error) == NULL);
  FAILED(error, "cli.usage", "finished");
  expb_run_free(run);

  size_t length;
  unsigned char *key = file(keys, "openssh", &length);
  ExpbBundle *signed_one = expb_bundle_sign(bundle, NULL, key, length, NULL, "ada@example.org", NOW, &error);
  WELL(error);
  CHECK(expb_bundle_sign(bundle, NULL, key, length / 2, NULL, NULL, NOW, &error) == NULL);
  FAILED(error, "cli.key", "key");
  CHECK(expb_bundle_sign(bundle, "zzzz", key, length, NULL, NULL, NOW, &error) == NULL);
  FAILED(error, "cli.usage", "zzzz");
  free(key);
  key = file(keys, "openssh-encrypted", &length);
  CHECK(expb_bundle_sign(bundle, NULL, key, length, NULL, NULL, NOW, &error) == NULL);
  FAILED(error, "cli.key", "passphrase");
  free(key);

  ExpbBytes *bytes = expb_bundle_bytes(signed_one, &error);
  WELL(error);
  CHECK(expb_bundle_save(signed_one, "run.expb", false, &error));
  /* Over what it holds already nothing is lost; a bundle without the signature would lose it. */
  CHECK(expb_bundle_save(signed_one, "run.expb", false, &error));
  CHECK(!expb_bundle_save(bundle, "run.expb", false, &error));
  CHECK(error != NULL && expb_error_help(error) != NULL);
  expb_error_free(error);
  expb_bundle_free(bundle);
  CHECK(!expb_bundle_save(signed_one, "nowhere/run.expb", false, &error));
  FAILED(error, "cli.io", "cannot");
  expb_bundle_free(signed_one);
  ExpbBundle *again = expb_bundle_from_bytes(expb_bytes_data(bytes), expb_bytes_length(bytes), &error);
  WELL(error);
  expb_bytes_free(bytes);
  CHECK(expb_bundle_record_count(again) == 1);
  expb_bundle_free(again);

  /* The same calls give the same bytes. */
  ExpbBytes *both[2];
  for (int turn = 0; turn < 2; turn++) {
    run = begun();
    bundle = expb_run_finish(run, &error);
    expb_run_free(run);
    both[turn] = expb_bundle_bytes(bundle, &error);
    WELL(error);
    expb_bundle_free(bundle);
  }
  CHECK(expb_bytes_length(both[0]) == expb_bytes_length(both[1]));
  CHECK(memcmp(expb_bytes_data(both[0]), expb_bytes_data(both[1]), expb_bytes_length(both[0])) == 0);
  expb_bytes_free(both[0]);
  expb_bytes_free(both[1]);
}

static void verifies(const char *keys) {
  ExpbError *error;
  size_t length;
  unsigned char *line = file(keys, "openssh.pub", &length);
  char signers[4096];
  snprintf(signers, sizeof signers, "ada@example.org %s", (char *)line);
  free(line);
  ExpbReport *report = expb_verify("run.expb", signers, NULL, NOW, &error);
  WELL(error);
  CHECK(expb_report_holds(report));
  CHECK(strcmp(expb_report_state(report), "trusted") == 0);
  CHECK(strstr(expb_report_json(report), "\"state\": \"trusted\"") != NULL);
  expb_report_free(report);

  /* Nobody is trusted: signed is what can hold, trusted cannot. */
  report = expb_verify("run.expb", NULL, "trusted", NOW, &error);
  WELL(error);
  CHECK(!expb_report_holds(report));
  CHECK(strcmp(expb_report_state(report), "signed") == 0);
  expb_report_free(report);
  CHECK(expb_verify("run.expb", "ada@example.org not a key\n", NULL, NOW, &error) == NULL);
  CHECK(strcmp(expb_error_place(error), "signers, line 1") == 0);
  FAILED(error, "trust.signers", "");
  CHECK(expb_verify("run.expb", NULL, "perfect", NOW, &error) == NULL);
  FAILED(error, "cli.usage", "perfect");
  CHECK(expb_verify("run.expb", NULL, NULL, EXPB_NONE, &error) == NULL);
  FAILED(error, "cli.usage", "at_ns");
  CHECK(expb_verify("nothing.expb", NULL, NULL, NOW, &error) == NULL);
  FAILED(error, "cli.io", "cannot");
}

static void reads(void) {
  ExpbError *error;
  ExpbBundle *bundle = expb_bundle_open("run.expb", &error);
  WELL(error);
  CHECK(expb_bundle_record_count(bundle) == 1);
  const char *id = expb_bundle_record_id(bundle, 0);
  CHECK(id != NULL && strlen(id) == 64);
  CHECK(expb_bundle_record_id(bundle, 1) == NULL);
  ExpbBytes *record = expb_bundle_record(bundle, id, &error);
  ExpbBytes *recipe = expb_bundle_section(bundle, NULL, "recipe.json", &error);
  ExpbBytes *metrics = expb_bundle_section(bundle, NULL, "metrics.parquet", &error);
  WELL(error);
  CHECK(expb_bundle_section(bundle, NULL, "weather.json", &error) == NULL);
  FAILED(error, "cli.usage", "weather.json");
  ExpbReport *report = expb_bundle_verify(bundle, NULL, "signed", NOW, &error);
  WELL(error);
  expb_bundle_free(bundle);
  /* All of these outlive the bundle. */
  CHECK(expb_report_holds(report));
  expb_report_free(report);
  CHECK(expb_bytes_length(record) > 0 && expb_bytes_data(record)[0] == '{');
  CHECK(memcmp(expb_bytes_data(metrics), "PAR1", 4) == 0);
  char text[4096] = {0};
  CHECK(expb_bytes_length(recipe) < sizeof text);
  memcpy(text, expb_bytes_data(recipe), expb_bytes_length(recipe));
  CHECK(strstr(text, "\"007\"") != NULL && strstr(text, "64") != NULL);
  expb_bytes_free(metrics);
  expb_bytes_free(record);
  expb_bytes_free(recipe);
}

static void says_what_is_damaged(const char *cases) {
  ExpbError *error;
  char path[4096];
  snprintf(path, sizeof path, "%s/container/altered-section.expb", cases);
  ExpbReport *report = expb_verify(path, NULL, NULL, NOW, &error);
  WELL(error);
  CHECK(!expb_report_holds(report));
  CHECK(strcmp(expb_report_state(report), "malformed") == 0);
  expb_report_free(report);
  CHECK(expb_bundle_open(path, &error) == NULL);
  CHECK(error != NULL && expb_error_place(error) != NULL && expb_error_help(error) != NULL);
  expb_error_free(error);

  snprintf(path, sizeof path, "%s/container/text-file.json", cases);
  report = expb_verify(path, NULL, NULL, NOW, &error);
  WELL(error);
  CHECK(strcmp(expb_report_state(report), "refused") == 0 && !expb_report_holds(report));
  expb_report_free(report);

  /* Each beginning of a bundle, and each with one byte changed, is judged. */
  size_t length;
  unsigned char *bytes = file(".", "run.expb", &length);
  for (size_t cut = 0; cut < length; cut += 97) {
    report = expb_verify_bytes(bytes, cut, NULL, NULL, NOW, &error);
    WELL(error);
    CHECK(!expb_report_holds(report));
    expb_report_free(report);
    bytes[cut] ^= 0x40;
    report = expb_verify_bytes(bytes, length, NULL, NULL, NOW, &error);
    WELL(error);
    CHECK(!expb_report_holds(report));
    expb_report_free(report);
    bytes[cut] ^= 0x40;
  }
  free(bytes);
}

/* NULL, bad UTF-8, and nonsense, wherever something can be handed over. */
static void survives(void) {
  ExpbError *error;
  const char *latin = "caf\xe9";
  expb_error_free(NULL);
  expb_bytes_free(NULL);
  expb_report_free(NULL);
  expb_bundle_free(NULL);
  expb_run_free(NULL);
  CHECK(expb_error_code(NULL) == NULL && expb_error_message(NULL) == NULL);
  CHECK(expb_error_place(NULL) == NULL && expb_error_help(NULL) == NULL);
  CHECK(expb_bytes_data(NULL) == NULL && expb_bytes_length(NULL) == 0);
  CHECK(expb_report_json(NULL) == NULL && expb_report_state(NULL) == NULL && !expb_report_holds(NULL));
  CHECK(expb_bundle_record_count(NULL) == 0 && expb_bundle_record_id(NULL, 0) == NULL);
  /* An error that nobody asks for neither leaks nor crashes. */
  CHECK(expb_verify(NULL, NULL, NULL, NOW, NULL) == NULL);
  CHECK(!expb_bundle_save(NULL, NULL, true, NULL));

  CHECK(expb_verify(NULL, NULL, NULL, NOW, &error) == NULL);
  FAILED(error, "cli.usage", "`path` is NULL");
  CHECK(expb_verify(latin, NULL, NULL, NOW, &error) == NULL);
  FAILED(error, "cli.usage", "`path` is not UTF-8 after 3 bytes");
  CHECK(expb_verify_bytes(NULL, 5, NULL, NULL, NOW, &error) == NULL);
  FAILED(error, "cli.usage", "`bytes` is NULL");
  CHECK(expb_verify_bytes((const uint8_t *)latin, SIZE_MAX, NULL, NULL, NOW, &error) == NULL);
  FAILED(error, "cli.usage", "more than a process can hold");
  CHECK(expb_bundle_verify(NULL, NULL, NULL, NOW, &error) == NULL);
  FAILED(error, "cli.usage", "`bundle` is NULL");
  CHECK(expb_bundle_open(NULL, &error) == NULL);
  FAILED(error, "cli.usage", "NULL");
  CHECK(expb_bundle_open(".", &error) == NULL);
  CHECK(error != NULL);
  expb_error_free(error);
  CHECK(expb_bundle_from_bytes(NULL, 0, &error) == NULL);
  CHECK(error != NULL);
  expb_error_free(error);
  CHECK(expb_bundle_record(NULL, NULL, &error) == NULL);
  FAILED(error, "cli.usage", "NULL");
  CHECK(expb_bundle_section(NULL, NULL, NULL, &error) == NULL);
  FAILED(error, "cli.usage", "NULL");
  CHECK(expb_bundle_bytes(NULL, &error) == NULL);
  FAILED(error, "cli.usage", "NULL");
  CHECK(expb_bundle_sign(NULL, NULL, NULL, 0, NULL, NULL, NOW, &error) == NULL);
  FAILED(error, "cli.usage", "NULL");
  CHECK(expb_run_new(NULL, &error) == NULL);
  FAILED(error, "cli.usage", "NULL");
  CHECK(expb_run_finish(NULL, &error) == NULL);
  FAILED(error, "cli.usage", "NULL");
  CHECK(!expb_run_derive_from(NULL, NULL, NULL, "fine-tuned-from", &error));
  FAILED(error, "cli.usage", "NULL");

  ExpbRun *run = expb_run_new("a run", &error);
  WELL(error);
  CHECK(!expb_run_times(NULL, 0, 0, &error));
  FAILED(error, "cli.usage", "NULL");
  CHECK(!expb_run_status(run, "excellent", &error));
  FAILED(error, "cli.usage", "excellent");
  CHECK(!expb_run_param_text(run, latin, "x", &error));
  FAILED(error, "cli.usage", "`name` is not UTF-8");
  CHECK(!expb_run_param_json(run, "x", "{\"a\": 1, \"a\": 2}", &error));
  CHECK(strncmp(expb_error_code(error), "json.", 5) == 0);
  expb_error_free(error);
  CHECK(!expb_run_point(run, NULL, 0, 0, 0, &error));
  FAILED(error, "cli.usage", "NULL");
  CHECK(!expb_run_input(run, "modle", "model.bin", &error));
  FAILED(error, "cli.usage", "modle");
  CHECK(!expb_run_output(run, "model", "nothing", &error));
  CHECK(error != NULL);
  expb_error_free(error);
  CHECK(!expb_run_section(run, "../x", (const uint8_t *)"x", 1, &error));
  FAILED(error, "cli.usage", "");
  CHECK(!expb_run_section(run, "events.json", (const uint8_t *)"[]", 2, &error));
  CHECK(error != NULL);
  expb_error_free(error);
  /* What was refused left the run as it was. */
  ExpbBundle *bundle = expb_run_finish(run, &error);
  WELL(error);
  expb_run_free(run);
  expb_bundle_free(bundle);

  CHECK(expb_run_new("", &error) == NULL);
  FAILED(error, "cli.usage", "title");

  /* A finish that fails leaves the run open, to be mended. */
  run = expb_run_new("mended", &error);
  CHECK(expb_run_times(run, 2 * EXPB_SECOND, EXPB_SECOND, &error));
  CHECK(expb_run_finish(run, &error) == NULL);
  FAILED(error, "cli.usage", "before it started");
  CHECK(expb_run_times(run, 2 * EXPB_SECOND, 3 * EXPB_SECOND, &error));
  bundle = expb_run_finish(run, &error);
  WELL(error);
  expb_run_free(run);
  expb_bundle_free(bundle);
}

static void derives_from_its_parent(void) {
  ExpbError *error;
  ExpbBundle *parent = expb_bundle_open("run.expb", &error);
  ExpbRun *run = expb_run_new("tuned", &error);
  CHECK(expb_run_input(run, "model", "model.bin", &error));
  CHECK(expb_run_derive_from(run, parent, NULL, "fine-tuned-from", &error));
  expb_bundle_free(parent);
  ExpbBundle *bundle = expb_run_finish(run, &error);
  WELL(error);
  expb_run_free(run);
  expb_bundle_free(bundle);
}

int main(int count, char **arguments) {
  CHECK(count == 3);
  CHECK(expb_abi() == EXPB_ABI);
  CHECK(strchr(expb_version(), '.') != NULL);
  records_signs_and_saves(arguments[2]);
  verifies(arguments[2]);
  reads();
  derives_from_its_parent();
  says_what_is_damaged(arguments[1]);
  survives();
  printf("%d checks\n", checks);
  return 0;
}
