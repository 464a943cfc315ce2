// Moments at which a test ends a process as `kill -9` would: between two steps that only together are whole.
//
// Off unless the environment has CRASH_POINT=name:nth when the program starts: then the process kills itself
// the nth time it comes to the point of that name, whichever thread comes there. A name that is not below or
// a count that is no number ends the program at once with exit code 2, so that a test never arms nothing.
//
// Cost while off: one load and one branch that is never taken.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

enum crash_point_name {
    // "journal-waits": records are in the batch, the journal does not hold them yet.
    CRASH_POINT_JOURNAL_WAITS,
    // "journalled": the journal holds a batch that nobody was sent yet.
    CRASH_POINT_JOURNALLED,
    // "published": a batch was sent, and nobody was answered yet.
    CRASH_POINT_PUBLISHED,
    // "inserted": trades are inserted, their checkpoint is not; the transaction is open.
    CRASH_POINT_INSERTED,
    // "booked": the transaction is done, and nobody was told yet.
    CRASH_POINT_BOOKED,
    // "ordered": an order was sent, and no answer has come.
    CRASH_POINT_ORDERED,
    // "claimed": the database has given leases, and the runner has not begun.
    CRASH_POINT_CLAIMED,
    // "snapshot-begun": a snapshot is partly written.
    CRASH_POINT_SNAPSHOT_BEGUN,
    // "snapshot-finished": a snapshot stands, and nobody relies on it yet.
    CRASH_POINT_SNAPSHOT_FINISHED,
    CRASH_POINT_COUNT
};

extern unsigned char crash_point_is_armed;

// Counts a visit to a point; ends the process when it is the one that it waits for.
void crash_point_visit(enum crash_point_name point);

// Call it between two steps that only together are whole.
static inline void crash_point(enum crash_point_name point) {
    if (__builtin_expect(crash_point_is_armed, 0)) crash_point_visit(point);
}

#ifdef __cplusplus
}
#endif
