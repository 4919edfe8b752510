export default {
  colon: ': ',
  comma: ', ',
  app: 'Duty console',
  signin: {
    title: 'Sign in for duty', name: 'Name or staff number', password: 'Password', go: 'Sign in', wrong: 'Name or password is wrong.', busy: 'Too many sign-ins at once. Please try again.', locked: 'Too many attempts; wait a little. Colleagues who are signed in are not affected.',
    failed: 'The service did not answer; try again.', note: 'After sign-in this computer keeps showing alarms until you sign out, also when the session has expired; only acting asks for sign-in again.', again: 'Not signed in, or the session has expired. Alarms are still shown; sign in to act.',
    screen: 'Read-only screen', out: 'Sign out', as: 'On duty: {name}', wallName: 'Wall screen: {name}',
    handOver: 'An alarm is open and this is the last screen. The next person signs in here; then you are signed out.', wall: 'Sign in to act at this wall screen. It stays when you sign out.',
  },
  nav: { alarms: 'Alarms', residents: 'Residents and devices', doors: 'Sign-ins and screens', language: '中文' },
  ends: {
    yes: 'Yes, end it', gone: 'Has gone', goneWords: '{name} has moved away or died: out of every list, contacts are told nothing, the band is refused.', consent: 'Consent withdrawn', consentWords: '{name} is told nothing more, and links that were sent end.',
    lost: 'Lost or returned', hubWords: 'The hub {name} is disconnected and refused; its home gets new keys.', bandWords: 'The band {name} is refused at once. Its wearer needs another one.',
  },
  staff: {
    title: 'Colleagues', shown: 'Name to show', role: 'Role', officer: 'officer', admin: 'administrator', add: 'Add a colleague', leaves: 'Leaves', leavesWords: '{name} is out at once, everywhere; open alarms ring for the others.',
    reset: 'Reset the password', own: 'Your password', oldPassword: 'Present password', newPassword: 'New password (8 characters or more)', change: 'Change it',
  },
  doors: {
    sessions: 'Who is signed in', who: 'Name', since: 'Since', from: 'From', browser: 'Browser', acts: 'may act', reads: 'reads only', here: 'this browser', shown: 'page open', end: 'End', ended: 'A sign-in that is ended here neither acts nor reads any more.',
    screens: 'Wall screens', screenNote: 'A wall screen reads and rings without anybody signed in, until it is revoked. Register it at the screen itself.', name: 'Name of this screen', register: 'Make this browser a wall screen', rename: 'Rename', revoke: 'Revoke', none: 'None yet', off: 'page not open',
  },
  sound: { test: 'Test the sound', tested: 'Sound works', blocked: 'The browser has muted this page: alarms will not ring!', unblock: 'Click here to turn sound on', untested: 'Test the alarm sound first: can you hear it?' },
  dead: { title: 'Cut off from the centre: do not trust what this screen shows', text: 'Nothing heard for {seconds} seconds; reconnecting by itself.', advice: 'Work by telephone and tell a technician. Texts to families and escalation are done by the service, not by this page.' },
  unwritten: { title: 'The database cannot be written: new calls for help do not reach this screen', text: 'They wait in the bands and the hubs at home, and come by themselves when it is back.', advice: 'Telephone the residents now and tell a technician. Telephone for alarms already shown, too: what you do here may not be stored.' },
  kind: { sos: 'Pressed for help', fall: 'Fall', inactivity: 'No movement' },
  prealarm: { fall: 'Fall suspected', text: 'Fall suspected; the wearer can still cancel', left: 'becomes an alarm in {seconds} s' },
  source: { band: 'band', hubKey: 'hub key', phone: 'telephone', staff: 'entered by staff' },
  state: { prealarm: 'Suspected', ringing: 'Nobody has it', taken: 'Taken', coming: 'On the way', closed: 'Closed', cancelled: 'Cancelled by the wearer' },
  card: {
    number: 'No. {n}', drill: 'Drill', ago: 'ago', about: 'about', atLeast: 'at least', age: '{n} years', unanswered: 'Nobody has answered', familyTold: '; the family has been told', familyNotYet: '; the family has not been reached either', nobodyToTell: '; there is no family to tell', ringing: 'Ringing; nobody has it yet',
    takenBy: '{name} is dealing with it', comingBy: '{name} has sent help', mine: 'You are dealing with it', mineComing: 'You have sent help', closedBy: 'Closed by {name}', cancelled: 'Cancelled by the wearer; ask today how the resident is', presses: 'pressed {n} times', notNeeded: 'The wearer says: not needed (call back all the same)',
    building: 'Building {n}', floor: 'floor {n}', door: 'door {n}', noAddress: 'No address on record', unknown: 'Resident not on record', linked: 'linked to no. {n}', orEarlier: '{time} or earlier', orOther: 'Or {name}, who wore this band before: telephone both', late: 'Happened at {time}, {source}', pending: 'working…', answerWithin: 'Pressed again: {name} has {seconds} s to answer, then the family is told', pressedAgain: 'Pressed again: answer within {seconds} s, then the family is told', overdueIn: 'No act of {name} for a while: rings for all in {seconds} s',
  },
  act: { take: 'Take', takeWho: 'Take {name}', takeBack: 'Take back from {name}; rings again', coming: 'On the way', stillOn: 'Still on it', close: 'Close', handback: 'Hand back', next: 'Next', copy: 'Copy', copied: 'Copied', spoke: 'Spoke', noAnswer: 'No answer', call: 'Call', cancel: 'Back', confirm: 'Close it', revoke: 'Revoke link' },
  waiting: { none: 'No other alarm is without somebody', one: '1 more alarm that nobody has', many: '{n} more alarms that nobody has' },
  notice: { taken: '{name} was first and has it. Nothing for you to do.', takenUnknown: 'A colleague was first and has it.', failed: 'Not done: {text}', failedPlain: 'Not done: the service did not answer. Try again.' },
  outcome: {
    title: 'Outcome', words: 'Closing words (the family reads them)', needed: 'Choose an outcome first (1-7)',
    phoneOk: 'Well, by telephone', familyGoing: 'Family is going', officerSent: 'Officer sent', ambulance: 'Ambulance called', falseAlarm: 'False alarm', drill: 'Drill', other: 'Other', merged: 'Joined a call for help',
  },
  words: {
    phoneOk: 'We spoke on the telephone; all is well.', familyGoing: 'The family has been reached and is on the way.', officerSent: 'A colleague has called in person and dealt with it.', ambulance: 'An ambulance was called and has taken over.', falseAlarm: 'Pressed by mistake; all is well.', drill: 'This was a drill.', other: '',
  },
  section: { phone: 'Resident\'s telephone', first: 'Ask first', keys: 'Keys', hearing: 'Hearing', dialect: 'Dialect', medical: 'Medical notes', contacts: 'Contacts', vitals: 'Last vitals', wrist: 'The wrist shows', timeline: 'What happened', technical: 'Technical', closed: 'Closed recently', none: 'not on record' },
  message: { none: 'not told', waiting: 'waiting to be sent', sent: 'sent {time}', delivered: 'delivered {time}', opened: 'opened {time}', failed: 'not sent after {n} tries, trying on', unanswered: 'Told that nobody answered', again: 'Told that a press was not answered', raised: 'Told of the alarm', closed: 'Told that it is over', gaveUp: 'could not be delivered {time}' },
  vitals: {
    none: 'No vitals on record', bpm: 'Heart rate', spo2: 'Oxygen', perMinute: '/min', quality: 'confidence {n} %', ago: '{age} ago', worn: 'worn', maybe: 'perhaps worn', off: 'not worn',
    refusal: { notWorn: 'not worn: no number', motion: 'moving: not measurable', lowPerfusion: 'weak blood flow: not measurable', saturated: 'signal too strong', irregular: 'irregular beats: no number', warmup: 'has just begun', noSignal: 'no signal', disagree: 'two methods disagree: no number', sensorFault: 'sensor fault' },
  },
  wrist: { 0: 'The band has reported nothing yet', 1: 'The hub at home has it', 2: 'The centre has it', 3: 'A person has it', 4: 'Help is on the way', 5: 'Closed', shown: 'shown {time}', notYet: '"{stage}" not confirmed yet', battery: 'battery {n} %', heard: 'heard {age} ago', never: 'never heard' },
  empty: {
    title: 'No alarm is waiting', proof: 'Each of these has just proven that it works', problem: 'Something here needs attention', stream: 'This page', streamText: 'heard from the centre {n} s ago', hubs: 'Home hubs', bands: 'Bands', database: 'Database', consoles: 'Consoles', heard: '{heard} of {total} heard', last: 'last {age} ago', never: 'never',
    database_ok: 'written {age} ago', database_bad: 'cannot be written!', consolesText: '{n} open', lastAlarm: 'Last alarm {age} ago', noAlarm: 'No alarm so far', silent: 'Silent', none: 'none enrolled', up: 'Service running since {time}',
  },
  queue: { again: 'pressed again', overdue: '{name}: no act; rings for all soon', title: 'Alarms', empty: 'No alarms', newest: 'Newest', crowd: 'Building {building}: {n} people', technical: 'Technical', owner: '{name}', noBuilding: 'No building on record' },
  technical: {
    ppgFault: 'Heart-rate sensor fault', ppgAbsent: 'Heart-rate sensor absent', ppgWrongPart: 'Wrong heart-rate sensor', ppgChanged: 'Heart-rate sensor has become another part',
    accelerometerFault: 'Fall sensor fault', accelerometerAbsent: 'Fall sensor absent', accelerometerWrongPart: 'Wrong fall sensor', accelerometerChanged: 'Fall sensor has become another part', chargedOnWrist: 'Charged on the wrist', askAfterFall: 'Ask how the resident is',
    bandFault: 'Band fault', bandSilent: 'Band silent', visitToday: 'Visit today: band gone', hubSilent: 'Hub silent', batteryLow: 'Battery low', batteryCritical: 'Battery almost empty', keyStuck: 'Key stuck', flashFault: 'Storage fault', tamper: 'Possible forgery', quarantine: 'Unknown data', unknownFrame: 'Unknown data', linkKeyUnknown: 'Link key unknown', mainsLost: 'Hub without mains, on battery', vitalsDropped: 'Gap in vitals', storeLost: 'Hub store lost: provision again', reboots: 'Restarts too often', vitalsUnwritten: 'Database of vitals cannot be written', databaseDamaged: 'Database file damaged', clockWrong: 'Clock of the machine wrong', webhookDown: 'Texts to families do not go out', other: 'Technical',
    urgent: 'urgent', close: 'Dealt with', words: 'What was done', since: 'since {time}', reason: 'Reason', place: 'Place', band: 'band', hub: 'hub',
    next: {
      ppgFault: 'Heart rate and wear are not watched; a press and falls still call. Arrange another band. The reason names register and value.', ppgAbsent: 'Heart rate and wear are not watched; a press and falls still call. Arrange another band. The reason names register and value.', ppgWrongPart: 'Heart rate and wear are not watched; a press and falls still call. Arrange another band. The reason names register and value.', ppgChanged: 'Heart rate and wear are not watched; a press and falls still call. Arrange another band. The reason names register and value.',
      accelerometerFault: 'Falls are not watched; a press still calls. Call, and arrange another band today. The reason names register and value.', accelerometerAbsent: 'Falls are not watched; a press still calls. Call, and arrange another band today. The reason names register and value.', accelerometerWrongPart: 'Falls are not watched; a press still calls. Call, and arrange another band today. The reason names register and value.', accelerometerChanged: 'Falls are not watched; a press still calls. Call, and arrange another band today. The reason names register and value.', chargedOnWrist: 'Call and ask the resident to take the band off while it charges, and to put it on again afterwards.', askAfterFall: 'A fall was suspected, and the wearer took the call back. Telephone today and ask how the resident is.',
      bandFault: 'Arrange another band; call the resident until then.', bandSilent: 'Call: is the resident out, is the band on its charger?', visitToday: 'Nothing heard of this band for 4 hours, while the hub at home works: a press may reach nobody. Telephone now; if the resident is at home, visit today with another band.', hubSilent: 'Call: power or internet out? A press may not get through until it is back.', batteryLow: 'Remind the resident to charge today.', batteryCritical: 'Call now and ask to charge.', keyStuck: 'Ask the resident to check the key, or replace the band.', flashFault: 'Arrange another device.', tamper: 'Tell a technician; look for the source.', quarantine: 'Tell a technician; the device may be newer than the service.', unknownFrame: 'Tell a technician; the device may be newer than the service.', linkKeyUnknown: 'Tell a technician to enrol again.', mainsLost: 'Call: is the power out?', vitalsDropped: 'Nothing urgent.', storeLost: 'Provision this hub again.', reboots: 'Tell a technician.', vitalsUnwritten: 'Tell a technician; calls for help are not concerned, hubs send vitals again.', databaseDamaged: 'Tell a technician today: the disk may be failing. The damaged file is kept.', clockWrong: 'Check the time of this computer and its time service, then restart the service. Alarms and waits go on: they do not follow this clock. Times that are shown may be wrong.', webhookDown: 'Call the families by telephone, and tell a technician.', other: 'Tell a technician.',
    },
  },
  timeline: {
    raised: 'Call for help received', suspected: 'Suspected fall received', press: 'Pressed again', manyPresses: 'Pressed many times more', confirmed: 'The band confirms the fall', deadline: 'Nobody cancelled in time: alarm', cancelled: 'Cancelled by the wearer', cancelledLate: 'Cancelled too late; the alarm stands', notNeeded: 'Wearer says: not needed', unanswered: 'Nobody has answered; the family is told', notAnswered: 'Pressed again, no answer within 60 s', stillOn: 'Still on it', reminded: 'Reminded', overdue: 'Reminded without an answer: rings for all', taken: 'Taken', coming: 'Help sent', handedBack: 'Handed back; rings again', closed: 'Closed', callSpoke: 'Spoke', callNoAnswer: 'No answer', wrist: 'Wrist has shown', merged: 'Joined the call for help', fallBefore: 'Suspected fall before the press', drill: 'Drill', rescued: 'Put back to ringing by the system', messageSent: 'Text sent', messageDelivered: 'Text delivered', messageFailed: 'Text failed', messageOpened: 'Family opened the page', linkRevoked: 'Link revoked', passedOn: 'Pressed before the band was handed over; worn now by',
    still: 'no movement for {n} minutes', times: '{n} times', earlier: 'Earlier entries', because: { noConsole: 'no console was open', noAnswer: '60 s without an owner', band: 'band', hubKey: 'hub key', phone: 'telephone', staff: 'entered by staff', old: 'reported late' },
  },
  residents: {
    title: 'Residents and devices', add: 'Add a resident', name: 'Name', nameEn: 'Name in English', birthYear: 'Year of birth', phone: 'Telephone', address: 'Address', building: 'Building', floor: 'Floor', door: 'Door', keys: 'Where the keys are', hearing: 'Hearing', dialect: 'Dialect', medical: 'Medical notes', firstQuestion: 'First question to ask', familyName: 'Name the family uses', save: 'Save', saved: 'Saved',
    contacts: 'Contacts', addContact: 'Add a contact', relation: 'Relation', order: 'Order', consentBy: 'Who agreed', consentHow: 'How', consentNote: 'No contact without recorded consent.', hubs: 'Home hubs', addHub: 'Enrol a hub', hubId: 'Hub id', bands: 'Bands', addBand: 'Enrol a band', bandAddress: 'Band address (12 hex digits)', guardAlways: 'Always in guard mode', resident: 'Resident', secretOnce: 'Shown only this once: set up the device now. It cannot be seen again after you leave.', password: 'Hub password', secret: 'Band secret', done: 'Device is set up', none: 'None yet', edit: 'Edit', needed: 'Sign in to enrol.', failed: 'Not saved: {text}', adminOnly: 'Enrolling and changing need an administrator.', worn: 'last heard', choose: 'Choose',
  },
  trace: {
    show: 'Trace', ask: 'Ask the device', refresh: 'Read again', none: 'This device was never asked.', waits: 'Asked by {name}, {time}; no answer yet.', read: 'Answer of {time}.',
    time: 'Time', what: 'Event', first: 'First number', second: 'Second number', earlier: '{n} s after an earlier start', refused: { tooSoon: 'A device is asked once in 10 minutes.', role: 'Only an administrator may ask.' },
    kinds: {
      1: 'Start: cause, start number', 2: 'Mode: now, before', 3: 'Radio on: starts', 4: 'Radio off: starts', 5: 'Silent radio restarted: restarts', 6: 'Link up: links', 7: 'Link down: links', 8: 'Line to the centre up', 9: 'Line to the centre lost',
      10: 'Flash failed: kind, frames that wait', 11: 'Flash works again', 12: 'Sensor failed: part and kind, register and value', 13: 'Sensor works again: part', 14: 'Longest step so far, ms', 15: 'Restarted itself: reason', 16: 'The centre asked: question',
    },
  },
  a11y: { skip: 'Skip to the alarm card', queue: 'Alarms', card: 'Alarm card', newAlarm: 'New alarm: {kind}, {name}, {address}' },
}
