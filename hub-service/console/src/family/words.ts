// Few words, in the two languages; the page goes to relatives' phones, so it brings no library for them.
export const zh = {
  kind: { sos: '按下了求助键', fall: '可能跌倒了', inactivity: '长时间没有活动' },
  at: '{time}', ago: '{age}前',
  state: {
    ringing: '正在呼叫值班人员', unanswered: '还没有人应答', taken: '{who} 正在处理', coming: '{who} 已安排人上门', closed: '已经结束', cancelled: '本人已取消', prealarm: '正在确认',
  },
  stateNote: {
    ringing: '服务中心已收到，正在响铃。', unanswered: '服务中心已收到，但还没有人接手。请您马上打电话。', taken: '有人负责了，请保持电话畅通。', coming: '帮助在路上。', closed: '', cancelled: '', prealarm: '',
  },
  callResident: '打给{name}', callCentre: '打给服务中心', closing: '处理结果', timeline: '经过', number: '{n} 号求助', updated: '{time} 已核对',
  stale: '与服务中心断开，以下内容可能不是最新。正在重连，紧急时请直接打电话。',
  unknown: { title: '找不到这个页面', text: '请检查链接是否完整，或打电话给服务中心。' },
  over: { title: '这个链接已经失效', text: '链接在 24 小时后或被服务中心停用后失效。需要了解情况，请打电话给服务中心。' },
  failed: { title: '暂时打不开', text: '请稍后再试；紧急时请直接打电话。' },
  entry: { raised: '收到求助', confirmed: '确认跌倒', deadline: '无人取消，升级为警报', press: '再次按下', manyPresses: '又连续按下多次', unanswered: '还没有人应答', notAnswered: '又按了，还没有回应', taken: '接手', coming: '安排人上门', overdue: '没有后续，重新呼叫', handedBack: '退回，重新呼叫', closed: '结束', callSpoke: '已通话', callNoAnswer: '电话没人接', notNeeded: '本人表示不需要' } as Record<string, string>,
  language: 'English',
}

export const en: typeof zh = {
  kind: { sos: 'pressed the help key', fall: 'may have fallen', inactivity: 'has not moved for long' },
  at: 'at {time}', ago: '{age} ago',
  state: {
    ringing: 'Calling the staff on duty', unanswered: 'Nobody has answered yet', taken: '{who} is dealing with it', coming: '{who} has sent help', closed: 'It is over', cancelled: 'Cancelled by the wearer', prealarm: 'Being checked',
  },
  stateNote: {
    ringing: 'The centre has received it; it is ringing.', unanswered: 'The centre has received it, but nobody has it yet. Please call now.', taken: 'Somebody is responsible. Please keep your telephone free.', coming: 'Help is on its way.', closed: '', cancelled: '', prealarm: '',
  },
  callResident: 'Call {name}', callCentre: 'Call the centre', closing: 'How it ended', timeline: 'What happened', number: 'Call no. {n}', updated: 'checked at {time}',
  stale: 'Cut off from the centre: this may be out of date. Reconnecting; in an emergency please call.',
  unknown: { title: 'There is no such page', text: 'Check that the link is complete, or call the centre.' },
  over: { title: 'This link is over', text: 'A link ends after 24 hours or when the centre revokes it. Please call the centre to ask.' },
  failed: { title: 'Cannot be opened right now', text: 'Try again in a moment; in an emergency please call.' },
  entry: { raised: 'Call for help received', confirmed: 'Fall confirmed', deadline: 'Nobody cancelled: alarm', press: 'Pressed again', manyPresses: 'Pressed many times more', unanswered: 'Nobody has answered', notAnswered: 'Pressed again, no answer yet', taken: 'Taken', coming: 'Help sent', overdue: 'No news from whoever had it; calling again', handedBack: 'Handed back; calling again', closed: 'Closed', callSpoke: 'Spoke on the telephone', callNoAnswer: 'No answer on the telephone', notNeeded: 'Says: not needed' },
  language: '中文',
}

/** "{n} apples" with n = 3. */
export const fill = (text: string, values: Record<string, string>): string => text.replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? '')
