/*
 * A press of the key on its way: band -> hub -> centre -> back to the wrist. Band, hub and centre may lose power
 * between any two steps; every message may be lost, doubled, late or out of order. docs/model.md explains this file.
 *
 * A set of presses is one byte: bit p is press p. Presses are numbered in the order in which they are made.
 * Messages are sets too. What was sent stays in its set, so it may arrive at any later time, any number of times, or
 * never. When the faults end, these sets are emptied: from then on only what is sent again arrives.
 * Memory and flash of a device are two variables (latch, fLatch). A power cut copies the flash over the memory.
 *
 * Each #ifdef is a mutant: one rule broken on purpose. tests/Model.Tests demands that every mutant is caught.
 */

#ifndef PRESSES
#define PRESSES 2       /* presses at most, 4 or fewer */
#endif
#ifndef BOOTS
#define BOOTS 2         /* boots of the band at most */
#endif
#ifndef SEQUENCES
#define SEQUENCES 2     /* sequence numbers of one boot; the band has 65,280 */
#endif
#ifndef SLOTS
#define SLOTS 2         /* slots of the latch; the band has 8 */
#endif

#define bit(p) (1 << (p))
#define has(set, p) (((set) >> (p)) & 1)
#define size(set) (has(set, 0) + has(set, 1) + has(set, 2) + has(set, 3))
#define oldest(set) ((set) & -(set))

/* Presses that carry the number of press p: p alone, unless a mutant uses a number twice. */
#define same(q, p) (bit(q) * (ident[q] == ident[p]))
#define alike(p) (bit(p) | same(0, p) | same(1, p) | same(2, p) | same(3, p))

/* One alternative of a loop for each press: wait for the guard, then act, all in one step. */
#define EACH(guard, act) \
    :: atomic { guard(0) -> act(0) } \
    :: atomic { guard(1) -> act(1) } \
    :: atomic { guard(2) -> act(2) } \
    :: atomic { guard(3) -> act(3) }

/* Revisions of a card, 2 bits for each press that opened one. Each has its stage on the wrist. */
#define RINGING 1
#define TAKEN 2
#define CLOSED 3
#define revision(revs, p) (((revs) >> (2 * (p))) & 3)
#define setRevision(revs, p, r) revs = (revs & ~(3 << (2 * (p)))) | ((r) << (2 * (p)))
#define withRevision(revs) ((revision(revs, 0) > 0) | ((revision(revs, 1) > 0) << 1) \
    | ((revision(revs, 2) > 0) << 2) | ((revision(revs, 3) > 0) << 3))
#define isOpen(revs, p) (revision(revs, p) == RINGING || revision(revs, p) == TAKEN)
#define anyOpen(revs) (isOpen(revs, 0) || isOpen(revs, 1) || isOpen(revs, 2) || isOpen(revs, 3))
#define stage(p, r) (1 << (4 * (p) + (r)))

bool healed;            /* presses and faults have ended */

byte pressed;           /* presses made */
byte ident[4];          /* number of a press: 1 + boot * SEQUENCES + sequence; 0 not made yet */

/* Band. The latch: slots in use, those without the centre's receipt, open alarms, alarms that were open and waiting
 * when another was closed, last revision of each. */
byte latch, pending, open, overtaken, revs;
byte fLatch, fPending, fOpen, fOvertaken, fRevs;
byte boot, fBoot, sequence;
byte given;             /* scratch of one step */

/* Hub: the outbox. Centre: the record that is not committed yet, presses committed, presses refused, cards. */
byte outbox, fOutbox;
byte waiting, rows, refused, cards;

/* Messages: frames, "heard", records, receipts for the hub, receipts for the band, stages. */
byte toHub, toBandHeard, toCentre, toHubReceipt, toBandReceipt;
int toBandStage;

/* What only the checks know. */
byte spoken;            /* a frame of the press was sent */
byte dropped;           /* a full latch gave the press up and told staff */
byte stored;            /* a hub had the press on flash */

/* ---- Band: one step presses, writes, speaks; another hears and writes ---- */

#define isSaved (latch == fLatch && pending == fPending)

/* A full latch gives up one slot (LatchRoom.cs): an alarm that is over. With so few slots no other
 * may go, and the new press is given up. */
#define joined (latch & ~pending & ~withRevision(revs))
inline makeRoom()
{
    given = 0;
    if
    :: size(latch) == SLOTS ->
#ifdef EVICT_OPENER
        given = oldest(latch & ~pending)
#else
        given = oldest(latch & ~pending & withRevision(revs) & ~open)
#endif
    :: else
    fi;
    dropped = dropped | (pending & given);
    latch = latch & ~given;
    pending = pending & ~given;
    open = open & ~given;
    overtaken = overtaken & ~given;
    if
    :: has(given, 0) -> setRevision(revs, 0, 0)
    :: has(given, 1) -> setRevision(revs, 1, 0)
    :: else
    fi;
    given = 0
}

inline press()
{
    makeRoom();
    ident[pressed] = 1 + boot * SEQUENCES + sequence;
    sequence++;
#ifdef SEQUENCE_WRAPS
    sequence = sequence % SEQUENCES;
#endif
    if
    :: size(latch) < SLOTS ->
        latch = latch | bit(pressed);
        pending = pending | bit(pressed);
        open = open | bit(pressed)
    :: else -> dropped = dropped | bit(pressed)
    fi;
    pressed++
}

inline writeLatch()
{
    fLatch = latch;
    fPending = pending;
    fOpen = open;
    fOvertaken = overtaken;
    fRevs = revs
}

#ifdef SPEAK_BEFORE_WRITE
#define maySpeak(p) has(pending, p) && !has(toHub, p)
#else
#define maySpeak(p) has(pending, p) && !has(toHub, p) && isSaved
#endif
#define speak(p) toHub = toHub | bit(p); spoken = spoken | bit(p)

/* "Heard at home". The frame stays in the latch and is sent again until the centre's receipt. */
#define hearsHub(p) has(toBandHeard, p) && has(pending, p) && isSaved && !healed
inline hearHub(p)
{
    assert(has(stored, p)); /* STAGE BEFORE ITS CAUSE */
#ifdef DROP_AT_HEARD
    pending = pending & ~bit(p);
    writeLatch()
#endif
}

/* "The centre has it". */
#define hearsReceipt(p) has(toBandReceipt, p) && (pending & alike(p)) && isSaved
inline hearReceipt(p)
{
    assert(has(rows | refused, p)); /* STAGE BEFORE ITS CAUSE */
    pending = pending & ~alike(p);
    if
    :: has(refused, p) || (overtaken & alike(p)) -> open = open & ~alike(p)
    :: else
    fi;
    overtaken = overtaken & ~alike(p);
    writeLatch()
}

/* The stages of a card answer the press that opened it. */
#define hearsStage(p, r) (toBandStage & stage(p, r)) && has(latch, p) && isSaved \
    && (revision(revs, p) < r || has(pending, p))
#define hearsRinging(p) hearsStage(p, RINGING)
#define hearsTaken(p) hearsStage(p, TAKEN)
#define hearsClosed(p) hearsStage(p, CLOSED)
#define hearRinging(p) hearStage(p, RINGING)
#define hearTaken(p) hearStage(p, TAKEN)
#define hearClosed(p) hearStage(p, CLOSED)
inline hearStage(p, r)
{
    assert(revision(cards, p) >= r); /* STAGE BEFORE ITS CAUSE */
    pending = pending & ~bit(p);
    overtaken = overtaken & ~bit(p);
    if
    :: revision(revs, p) < r ->
        setRevision(revs, p, r);
        open = open | bit(p);
        if
        :: r == CLOSED ->
            open = open & ~(bit(p) | joined);
#ifndef FORGET_WHO_WAITS
            overtaken = overtaken | (pending & ~withRevision(revs))
#endif
        :: else
        fi
    :: else
    fi;
    writeLatch()
}

active proctype Band()
{
    end: do
    :: atomic { !healed && pressed < PRESSES && sequence < SEQUENCES && isSaved -> press() }
    :: atomic { !isSaved -> writeLatch() }
    EACH(maySpeak, speak)
    EACH(hearsHub, hearHub)
    EACH(hearsReceipt, hearReceipt)
    EACH(hearsRinging, hearRinging)
    EACH(hearsTaken, hearTaken)
    EACH(hearsClosed, hearClosed)
    od
}

/* ---- Hub: writes a frame, then says "heard" and sends the record; the receipt deletes the record ---- */

/* A frame that has left the outbox is taken again: the band repeats it only where it missed the centre's receipt
 * (docs/adr/0031). After the faults the band's reminder is slower than a receipt that is on its way. */
#ifdef NEVER_TAKE_AGAIN
#define mayAdmit(p) has(toHub, p) && !has(outbox, p) && !has(stored, p) && outbox == fOutbox
#else
#define mayAdmit(p) has(toHub, p) && !has(outbox, p) && outbox == fOutbox && !(healed && has(toBandReceipt, p))
#endif
inline admit(p)
{
    outbox = outbox | bit(p);
#ifdef HEARD_BEFORE_WRITE
    toBandHeard = toBandHeard | bit(p)
#endif
}

inline writeOutbox()
{
    fOutbox = outbox;
    stored = stored | outbox;
    toBandHeard = toBandHeard | outbox;
    toCentre = toCentre | outbox
}

#define maySend(p) has(outbox, p) && outbox == fOutbox && !has(toCentre, p)
#define send(p) toCentre = toCentre | bit(p)

#define hearsStored(p) has(toHubReceipt, p) && has(outbox, p) && outbox == fOutbox
#define forget(p) outbox = outbox & ~bit(p); fOutbox = outbox

active proctype Hub()
{
    end: do
    EACH(mayAdmit, admit)
    :: atomic { outbox != fOutbox -> writeOutbox() }
    EACH(maySend, send)
    EACH(hearsStored, forget)
    od
}

/* ---- Centre: commits a record, then sends its receipts ---- */

#define receipts(p) toHubReceipt = toHubReceipt | bit(p); toBandReceipt = toBandReceipt | bit(p)
#define raise(p, r) setRevision(cards, p, r); toBandStage = toBandStage | stage(p, r)

#define mayTake(p) has(toCentre, p) && waiting == 0 \
    && (!has(rows | refused, p) || !has(toHubReceipt, p) || !has(toBandReceipt, p))
inline take(p)
{
    waiting = bit(p);
#ifdef RECEIPT_BEFORE_COMMIT
    receipts(p)
#endif
}

#define mayCommit(p) has(waiting, p)
inline commit(p)
{
    if
#ifdef NO_UNIQUE_KEY
    :: true ->
#else
    :: has(rows | refused, p) -> skip
    :: !has(rows | refused, p) && (rows & alike(p)) -> refused = refused | bit(p)
    :: !has(rows | refused, p) && !(rows & alike(p)) ->
#endif
        assert(!has(rows, p)); /* DOUBLED */
        rows = rows | bit(p);
        if
        :: anyOpen(cards) -> skip /* joins that card */
        :: else -> raise(p, RINGING)
        fi
    fi;
    waiting = 0;
    receipts(p)
}

#define mayBeTaken(p) revision(cards, p) == RINGING && !healed
#define takeCard(p) raise(p, TAKEN)
#define mayBeClosed(p) isOpen(cards, p)
#define closeCard(p) raise(p, CLOSED)

/* A stage is sent again until the wrist has shown it. */
#define owesStage(p) revision(cards, p) && !(toBandStage & stage(p, revision(cards, p)))
#define sayStage(p) toBandStage = toBandStage | stage(p, revision(cards, p))

active proctype Centre()
{
    end: do
    EACH(mayTake, take)
    EACH(mayCommit, commit)
    EACH(mayBeTaken, takeCard)
    EACH(mayBeClosed, closeCard)
    EACH(owesStage, sayStage)
    od
}

/* ---- Faults, and the judge ---- */

inline cutBand()
{
    latch = fLatch;
    pending = fPending;
    open = fOpen;
    overtaken = fOvertaken;
    revs = fRevs;
    sequence = 0;
#ifndef BOOT_NOT_STORED
    fBoot++;
#endif
    boot = fBoot
}

active proctype Faults()
{
    end: do
    :: atomic { !healed && boot + 1 < BOOTS -> cutBand() }
    :: atomic { !healed && outbox != fOutbox -> outbox = fOutbox }
    :: atomic { !healed && outbox -> outbox = 0; fOutbox = 0 } /* another hub, or the hub's flash is lost */
    :: atomic { !healed && waiting -> waiting = 0 }
    :: atomic { !healed ->
        healed = true;
        toHub = 0; toBandHeard = 0; toCentre = 0; toHubReceipt = 0; toBandReceipt = 0; toBandStage = 0 }
    :: healed -> break
    od
}

active proctype Judge()
{
    timeout -> /* nothing more can happen */
    assert(healed);
    assert((spoken & ~rows & ~dropped) == 0); /* LOST */
    assert(pending == 0); /* LATCH NOT EMPTY */
    assert(open == 0) /* WRIST NOT AT REST */
}

/* Checked with fair scheduling left out: after the faults no loop keeps a press from its end. */
ltl rest { [] (healed -> <> (pending == 0 && open == 0)) }
