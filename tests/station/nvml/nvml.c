/* A libnvidia-ml.so.1 for machines without a GPU, so that tests go through the real binding.
 *
 * Every call reads its answer anew from the file named by NVML_SCENE, lines of "key value":
 *
 *   scene N                  counts (of calls, readings, initialisations) start again when N changes
 *   driver TEXT              none: the driver is not loaded
 *   cuda NUMBER              13000 stands for 13.0
 *   cards NUMBER             card I has the keys below, written I.name and so on; a key that is
 *                            missing makes the driver answer that it does not support the question
 *   name, uuid TEXT          capability MAJOR MINOR
 *   memory ALL RESERVED      bytes
 *   used BYTES...            one figure for each reading, the last one stays
 *   compute, graphics PID:BYTES...    a question mark for BYTES: not available
 *   load PERCENT   temperature DEGREES   power MILLIWATTS
 *   FUNCTION.answer CODE [AFTER [TIMES]]   after so many good calls, so often (always, if not said)
 *   FUNCTION.hold YES        the call does not come back while this line stands
 *   lost CALLS               after so many calls the card is lost until NVML is initialised anew
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, TOO_SMALL = 7,
       DRIVER_NOT_LOADED = 9, LOST = 15, OTHER_VERSION = 25 };
enum { MOST_CARDS = 16, MOST_FUNCTIONS = 32, SCENE_SIZE = 1 << 14, MEMORY_V2 = 0x02000028 };

typedef unsigned long long bytes;
typedef struct { bytes all, free, used; } memory;
typedef struct { unsigned version; bytes all, reserved, free, used; } memory_v2;
typedef struct { unsigned pid; bytes held; unsigned instance, part; } process;
typedef struct { unsigned card, memory; } load;
typedef struct { unsigned version, sensor; int degrees; } temperature;

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static struct { char function[64]; int calls; } counted[MOST_FUNCTIONS];
static int scene_number, readings[MOST_CARDS], calls_since_init, users;
static char places[MOST_CARDS]; /* handle of card I: address of places[I] */
static __thread char scene[SCENE_SIZE]; /* as the running call has read it */

static void look(void)
{
    const char *name = getenv("NVML_SCENE");
    FILE *file = name ? fopen(name, "r") : NULL;
    size_t size = file ? fread(scene + 1, 1, sizeof scene - 2, file) : 0;
    scene[0] = '\n';
    scene[size + 1] = 0;
    if (file) fclose(file);
}

/* What stands behind the key, copied without its line's end; NULL where the key is missing. */
static const char *said(const char *owner, const char *key)
{
    static __thread char value[SCENE_SIZE];
    char start[128];
    snprintf(start, sizeof start, "\n%s%s ", owner, key);
    const char *found = strstr(scene, start);
    if (!found) return NULL;
    found += strlen(start);
    snprintf(value, sizeof value, "%.*s", (int)strcspn(found, "\n"), found);
    return value;
}

static long number(const char *owner, const char *key)
{
    const char *value = said(owner, key);
    return value ? atol(value) : 0;
}

static int count(const char *function)
{
    int i = 0;
    while (i < MOST_FUNCTIONS - 1 && counted[i].function[0] && strcmp(counted[i].function, function)) i++;
    snprintf(counted[i].function, sizeof counted[i].function, "%s", function);
    return counted[i].calls++;
}

static void start_again_if_new(void)
{
    int is = (int)number("", "scene");
    if (is == scene_number) return;
    scene_number = is;
    calls_since_init = 0;
    memset(counted, 0, sizeof counted);
    memset(readings, 0, sizeof readings);
}

/* Each call begins here: the scene as it is now, and the code that it demands of this function. */
static int begin(const char *function)
{
    int is_init = !strcmp(function, "nvmlInitWithFlags"), code = SUCCESS, after = 0, times = -1;
    for (look(); said(function, ".hold"); look()) usleep(2000);
    pthread_mutex_lock(&guard);
    start_again_if_new();
    int before = count(function);
    const char *answer = said(function, ".answer");
    if (answer) {
        sscanf(answer, "%d %d %d", &code, &after, &times);
        if (before < after || (times >= 0 && before >= after + times)) code = SUCCESS;
    }
    if (!code && !is_init && !users) code = UNINITIALIZED;
    if (!code && !is_init && said("", "lost") && calls_since_init++ >= number("", "lost")) code = LOST;
    pthread_mutex_unlock(&guard);
    return code;
}

/* Begin a call about a card; writes the card's prefix of keys, such as "0.". */
static int begin_about(const char *function, void *card, char *owner)
{
    long index = (char *)card - places;
    int code = begin(function);
    if (code) return code;
    if (index < 0 || index >= number("", "cards")) return INVALID;
    sprintf(owner, "%ld.", index);
    return SUCCESS;
}

#define ABOUT(card) char owner[32]; int code = begin_about(__func__, card, owner); if (code) return code
#define SAID(key) const char *value = said(owner, key); if (!value) return NOT_SUPPORTED

static int write_text(char *out, unsigned size, const char *value)
{
    if (strlen(value) >= size) return TOO_SMALL;
    strcpy(out, value);
    return SUCCESS;
}

int nvmlInitWithFlags(unsigned flags)
{
    int code = begin(__func__);
    (void)flags;
    if (code) return code;
    if (!said("", "driver")) return DRIVER_NOT_LOADED;
    pthread_mutex_lock(&guard);
    users++;
    calls_since_init = 0;
    pthread_mutex_unlock(&guard);
    return SUCCESS;
}

int nvmlShutdown(void)
{
    pthread_mutex_lock(&guard);
    int had = users;
    if (users) users--;
    pthread_mutex_unlock(&guard);
    return had ? SUCCESS : UNINITIALIZED;
}

const char *nvmlErrorString(int code)
{
    static __thread char text[32];
    snprintf(text, sizeof text, "Code %d", code);
    return text;
}

int nvmlSystemGetDriverVersion(char *out, unsigned size)
{
    int code = begin(__func__);
    return code ? code : write_text(out, size, said("", "driver"));
}

int nvmlSystemGetCudaDriverVersion_v2(int *out)
{
    int code = begin(__func__);
    *out = (int)number("", "cuda");
    return code;
}

int nvmlDeviceGetCount_v2(unsigned *out)
{
    int code = begin(__func__);
    *out = (unsigned)number("", "cards");
    return code;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **out)
{
    int code = begin(__func__);
    if (code) return code;
    if (index >= (unsigned)number("", "cards")) return INVALID;
    *out = &places[index];
    return SUCCESS;
}

int nvmlDeviceGetHandleByUUID(const char *uuid, void **out)
{
    int code = begin(__func__);
    char owner[32];
    for (long i = 0; !code && i < number("", "cards"); i++) {
        sprintf(owner, "%ld.", i);
        const char *value = said(owner, "uuid");
        if (value && !strcmp(value, uuid)) {
            *out = &places[i];
            return SUCCESS;
        }
    }
    return code ? code : NOT_FOUND;
}

int nvmlDeviceGetName(void *card, char *out, unsigned size) { ABOUT(card); SAID("name"); return write_text(out, size, value); }
int nvmlDeviceGetUUID(void *card, char *out, unsigned size) { ABOUT(card); SAID("uuid"); return write_text(out, size, value); }

int nvmlDeviceGetCudaComputeCapability(void *card, int *major, int *minor)
{
    ABOUT(card);
    SAID("capability");
    return sscanf(value, "%d %d", major, minor) == 2 ? SUCCESS : NOT_SUPPORTED;
}

/* The next figure of "used"; the last one stays. */
static bytes next_used(const char *owner)
{
    const char *value = said(owner, "used");
    char *end;
    bytes used = 0;
    pthread_mutex_lock(&guard);
    int skip = readings[atoi(owner)]++;
    pthread_mutex_unlock(&guard);
    for (int i = 0; value && i <= skip; i++, value = end) {
        bytes figure = strtoull(value, &end, 10);
        if (end == value) break;
        used = figure;
    }
    return used;
}

int nvmlDeviceGetMemoryInfo(void *card, memory *out) /* the first version counts the reserve as used */
{
    ABOUT(card);
    SAID("memory");
    bytes all = 0, reserved = 0;
    sscanf(value, "%llu %llu", &all, &reserved);
    bytes used = next_used(owner) + reserved;
    *out = (memory){all, all - used, used};
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo_v2(void *card, memory_v2 *out)
{
    ABOUT(card);
    SAID("memory");
    bytes all = 0, reserved = 0;
    if (out->version != MEMORY_V2) return OTHER_VERSION;
    sscanf(value, "%llu %llu", &all, &reserved);
    bytes used = next_used(owner);
    *out = (memory_v2){out->version, all, reserved, all - reserved - used, used};
    return SUCCESS;
}

static int list(const char *value, unsigned *size, process *out)
{
    unsigned room = *size, found = 0, pid;
    char held[32];
    int length;
    for (; sscanf(value, " %u:%31s%n", &pid, held, &length) == 2; value += length, found++)
        if (out && found < room) out[found] = (process){pid, held[0] == '?' ? ~0ULL : strtoull(held, NULL, 10), ~0u, ~0u};
    *size = found;
    return found && (!out || found > room) ? TOO_SMALL : SUCCESS;
}

int nvmlDeviceGetComputeRunningProcesses_v3(void *card, unsigned *size, process *out) { ABOUT(card); SAID("compute"); return list(value, size, out); }
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *card, unsigned *size, process *out) { ABOUT(card); SAID("graphics"); return list(value, size, out); }
int nvmlDeviceGetUtilizationRates(void *card, load *out) { ABOUT(card); SAID("load"); *out = (load){(unsigned)atoi(value), 0}; return SUCCESS; }
int nvmlDeviceGetTemperature(void *card, int sensor, unsigned *out) { ABOUT(card); SAID("temperature"); *out = (unsigned)atoi(value); return sensor ? INVALID : SUCCESS; }
int nvmlDeviceGetTemperatureV(void *card, temperature *out) { ABOUT(card); SAID("temperature"); out->degrees = atoi(value); return out->sensor ? INVALID : SUCCESS; }
int nvmlDeviceGetPowerUsage(void *card, unsigned *out) { ABOUT(card); SAID("power"); *out = (unsigned)atoi(value); return SUCCESS; }
