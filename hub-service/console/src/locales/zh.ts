export default {
  colon: '：',
  comma: '、',
  app: '值守台',
  signin: {
    title: '值班登录', name: '姓名或工号', password: '密码', go: '登录', wrong: '姓名或密码不对。', busy: '同时登录的人太多，请再试一次。', locked: '尝试次数太多，请稍后再试；已登录的同事不受影响。',
    failed: '服务没有应答，请再试一次。', note: '登录后，这台电脑会一直显示警报，直到您退出；登录过期后也照样显示，只是处理警报前要再登录一次。', again: '没有登录或登录已过期。警报照常显示；要处理警报，请登录。',
    screen: '只读屏幕', out: '退出', as: '值班：{name}', wallName: '墙上屏幕：{name}',
    handOver: '还有警报没有处理完，而这是最后一个屏幕。请接班的人在这里登录，登录后您自动退出。', wall: '在这块墙上屏幕处理警报，请登录；退出后屏幕照常显示。',
  },
  nav: { alarms: '警报', residents: '老人与设备', doors: '登录与屏幕', language: 'English' },
  ends: {
    yes: '确定结束', gone: '已离开', goneWords: '{name}已搬走或去世：从各名单中移除，不再通知联系人，手环停用。', consent: '撤回同意', consentWords: '不再通知{name}，已发出的链接失效。',
    lost: '丢失或收回', hubWords: '断开并停用家庭盒 {name}，这户人家换用新密钥。', bandWords: '手环 {name} 立即停用，佩戴者需要另一只手环。',
  },
  staff: {
    title: '同事', shown: '显示的姓名', role: '身份', officer: '值班员', admin: '管理员', add: '添加同事', leaves: '离职', leavesWords: '{name}立即退出所有电脑，手上的警报重新向其他人响铃。',
    reset: '重设密码', own: '您的密码', oldPassword: '现在的密码', newPassword: '新密码（至少 8 个字符）', change: '修改',
  },
  doors: {
    sessions: '谁登录了', who: '姓名', since: '登录时间', from: '来自', browser: '浏览器', acts: '可以处理', reads: '只能看', here: '这个浏览器', shown: '页面开着', end: '结束', ended: '在这里结束的登录，既不能处理，也不能再看。',
    screens: '墙上屏幕', screenNote: '墙上屏幕不用登录就能显示和响铃，直到被撤销。请在那块屏幕上登记。', name: '这块屏幕的名字', register: '把这个浏览器登记为墙上屏幕', rename: '改名', revoke: '撤销', none: '还没有', off: '页面没开',
  },
  sound: { test: '试听警报声', tested: '声音正常', blocked: '声音被浏览器静音，警报不会响！', unblock: '点这里打开声音', untested: '请先试听警报声，确认听得见' },
  dead: { title: '与中心断开，屏幕上的内容已不可信', text: '已 {seconds} 秒没有收到任何消息，正在自动重连。', advice: '请用电话值守，并通知技术人员。家属短信和升级流程由服务端负责，与本页面无关。' },
  unwritten: { title: '数据库写不进去，新的求助暂时到不了屏幕', text: '新的求助会留在手环和家里的主机上，恢复后自动补报。', advice: '请马上用电话联系老人，并通知技术人员；已显示的警报也请先打电话，操作可能暂时存不下来。' },
  kind: { sos: '按键求助', fall: '跌倒报警', inactivity: '长时间无活动' },
  prealarm: { fall: '疑似跌倒', text: '疑似跌倒，等待本人取消', left: '{seconds} 秒后升级为警报' },
  source: { band: '手环', hubKey: '主机按键', phone: '电话', staff: '人工登记' },
  state: { prealarm: '疑似', ringing: '无人接手', taken: '已接手', coming: '已出发', closed: '已结束', cancelled: '本人已取消' },
  card: {
    number: '{n} 号', drill: '演练', ago: '前', about: '约', atLeast: '至少', age: '{n} 岁', unanswered: '还没有人应答', familyTold: '，已通知家属', familyNotYet: '，家属也还没有通知到', nobodyToTell: '，没有可以通知的家属', ringing: '正在响铃，等待接手',
    takenBy: '{name} 正在处理', comingBy: '{name} 已安排人前往', mine: '您正在处理', mineComing: '您已安排人前往', closedBy: '{name} 已结束', cancelled: '佩戴者已取消；今天打电话问候', presses: '已按 {n} 次', notNeeded: '本人表示不需要（请仍回电确认）',
    building: '{n} 号楼', floor: '{n} 层', door: '{n} 室', noAddress: '没有登记地址', unknown: '未登记的老人', linked: '关联 {n} 号', orEarlier: '不晚于 {time}', orOther: '也可能是此前佩戴这只手环的{name}：请两位都打电话', late: '事件发生在 {time}，{source}', pending: '处理中…', answerWithin: '又按了求助键：请{name}在 {seconds} 秒内回应，否则通知家属', pressedAgain: '又按了求助键：{seconds} 秒内没有人回应就通知家属', overdueIn: '{name} 已有一段时间没有操作：{seconds} 秒后重新响铃',
  },
  act: { take: '接手', takeWho: '接手 {name}', takeBack: '从 {name} 手中收回，重新响铃', coming: '已出发', stillOn: '我还在处理', close: '结束', handback: '退回', next: '下一个', copy: '复制', copied: '已复制', spoke: '接通了', noAnswer: '没人接', call: '拨打', cancel: '返回', confirm: '确认结束', revoke: '停用链接' },
  waiting: { none: '没有其他无人接手的警报', one: '另有 1 个警报无人接手', many: '另有 {n} 个警报无人接手' },
  notice: { taken: '{name} 已先一步接手，您无需处理。', takenUnknown: '已有同事先一步接手。', failed: '没有成功：{text}', failedPlain: '没有成功，服务没有应答。请再试一次。' },
  outcome: {
    title: '结果', words: '结束语（家属会看到）', needed: '请先选择结果（按 1-7）',
    phoneOk: '电话确认平安', familyGoing: '家属前往', officerSent: '已派人上门', ambulance: '已叫 120', falseAlarm: '误报', drill: '演练', other: '其他', merged: '并入按键求助',
  },
  words: {
    phoneOk: '已电话联系到本人，一切平安。', familyGoing: '已联系家属，家属正在前往。', officerSent: '工作人员已上门看望，情况已处理。', ambulance: '已呼叫 120，急救人员已接手。', falseAlarm: '已核实为误按，本人平安。', drill: '这是一次演练。', other: '',
  },
  section: { phone: '老人电话', first: '先问', keys: '钥匙', hearing: '听力', dialect: '方言', medical: '健康备注', contacts: '联系人', vitals: '最近体征', wrist: '手环显示', timeline: '经过', technical: '技术事项', closed: '最近结束', none: '未登记' },
  message: { none: '未通知', waiting: '等待发送', sent: '{time} 已发送', delivered: '{time} 已送达', opened: '{time} 已打开', failed: '发送失败，已试 {n} 次，继续重试', unanswered: '“无人应答”通知', again: '“又按了、没有回应”通知', raised: '警报通知', closed: '结束通知', gaveUp: '{time} 无法送达' },
  vitals: {
    none: '没有体征记录', bpm: '心率', spo2: '血氧', perMinute: '次/分', quality: '可信度 {n}%', ago: '{age} 前', worn: '佩戴中', maybe: '佩戴不确定', off: '未佩戴',
    refusal: { notWorn: '未佩戴，不报数', motion: '活动中，测不准', lowPerfusion: '手腕血流弱，测不准', saturated: '信号过强，测不准', irregular: '节律不齐，测不准', warmup: '刚开始测量', noSignal: '没有信号', disagree: '两种算法不一致，不报数', sensorFault: '传感器故障' },
  },
  wrist: { 0: '手环还没有回报', 1: '家里的主机已收到', 2: '中心已收到', 3: '有人接手了', 4: '有人正在赶来', 5: '已结束', shown: '{time} 已显示', notYet: '还没有确认显示“{stage}”', battery: '电量 {n}%', heard: '{age} 前听到', never: '从未听到' },
  empty: {
    title: '现在没有待处理的警报', proof: '以下各项刚刚证明自己还在工作', problem: '以下各项需要留意', stream: '本页面', streamText: '{n} 秒前收到中心消息', hubs: '家庭主机', bands: '手环', database: '数据库', consoles: '值守台', heard: '{heard} / {total} 在线', last: '最近一次 {age} 前', never: '从未',
    database_ok: '{age} 前写入成功', database_bad: '写入失败！', consolesText: '{n} 个打开', lastAlarm: '上一个警报在 {age} 前', noAlarm: '还没有过警报', silent: '没有声音', none: '还没有登记', up: '服务自 {time} 起运行',
  },
  queue: { again: '又按了', overdue: '{name} 没有操作，即将重新响铃', title: '警报', empty: '没有警报', newest: '最新', crowd: '{building} 号楼 {n} 人', technical: '技术', owner: '{name}', noBuilding: '未登记楼号' },
  technical: {
    ppgFault: '心率传感器故障', ppgAbsent: '心率传感器无响应', ppgWrongPart: '心率传感器型号不符', ppgChanged: '心率传感器型号变了',
    accelerometerFault: '跌倒传感器故障', accelerometerAbsent: '跌倒传感器无响应', accelerometerWrongPart: '跌倒传感器型号不符', accelerometerChanged: '跌倒传感器型号变了', chargedOnWrist: '戴着手环充电', askAfterFall: '今天问候老人',
    bandFault: '手环故障', bandSilent: '手环失联', visitToday: '今天上门：手环失联', hubSilent: '主机失联', batteryLow: '电量低', batteryCritical: '电量极低', keyStuck: '按键卡住', flashFault: '存储故障', tamper: '疑似伪造信号', quarantine: '无法识别的数据', unknownFrame: '无法识别的数据', linkKeyUnknown: '连接密钥不符', mainsLost: '主机断电，靠电池工作', vitalsDropped: '体征记录有缺口', storeLost: '主机存储丢失，请重新配置', reboots: '频繁重启', vitalsUnwritten: '体征数据库无法写入', databaseDamaged: '数据库文件损坏', clockWrong: '服务器时钟不对', webhookDown: '家属短信发不出去', other: '技术事项',
    urgent: '紧急', close: '已处理', words: '处理说明', since: '{time} 起', reason: '原因', place: '地点', band: '手环', hub: '主机',
    next: {
      ppgFault: '心率和佩戴暂时看不到；按键和跌倒仍会报警。安排更换手环。原因里是寄存器和读到的值。', ppgAbsent: '心率和佩戴暂时看不到；按键和跌倒仍会报警。安排更换手环。原因里是寄存器和读到的值。', ppgWrongPart: '心率和佩戴暂时看不到；按键和跌倒仍会报警。安排更换手环。原因里是寄存器和读到的值。', ppgChanged: '心率和佩戴暂时看不到；按键和跌倒仍会报警。安排更换手环。原因里是寄存器和读到的值。',
      accelerometerFault: '跌倒暂时发现不了；按键仍会报警。请打电话，并在今天更换手环。原因里是寄存器和读到的值。', accelerometerAbsent: '跌倒暂时发现不了；按键仍会报警。请打电话，并在今天更换手环。原因里是寄存器和读到的值。', accelerometerWrongPart: '跌倒暂时发现不了；按键仍会报警。请打电话，并在今天更换手环。原因里是寄存器和读到的值。', accelerometerChanged: '跌倒暂时发现不了；按键仍会报警。请打电话，并在今天更换手环。原因里是寄存器和读到的值。', chargedOnWrist: '打电话请老人充电时摘下手环，充好后再戴上。', askAfterFall: '疑似跌倒，本人已取消。请在今天打电话问候老人。',
      bandFault: '安排更换手环；更换前请电话问候。', bandSilent: '打电话确认老人是否外出，手环是否在充电。', visitToday: '这只手环已 4 小时没有消息，而家中的中枢工作正常：按键可能传不到任何人。请马上打电话；如果老人在家，请今天带另一只手环上门。', hubSilent: '打电话确认家中是否停电、断网；恢复前按键可能传不出来。', batteryLow: '提醒老人今天充电。', batteryCritical: '马上打电话请老人充电。', keyStuck: '请老人检查按键，或上门更换。', flashFault: '安排更换设备。', tamper: '通知技术人员查看来源。', quarantine: '通知技术人员；设备版本可能过新。', unknownFrame: '通知技术人员；设备版本可能过新。', linkKeyUnknown: '通知技术人员重新登记。', mainsLost: '打电话确认是否停电。', vitalsDropped: '无需马上处理。', storeLost: '重新配置这台主机。', reboots: '通知技术人员。', vitalsUnwritten: '通知技术人员；求助不受影响，体征会留在主机上重发。', databaseDamaged: '今天通知技术人员：磁盘可能快坏了；损坏的文件已留作备查。', clockWrong: '请检查这台电脑的时间和校时服务，然后重启服务。警报和等待照常，不受时钟影响；显示的时间可能不对。', webhookDown: '请电话通知家属，并通知技术人员。', other: '通知技术人员。',
    },
  },
  timeline: {
    raised: '收到求助', suspected: '收到疑似跌倒', press: '再次按下', manyPresses: '又连续按下', confirmed: '手环确认跌倒', deadline: '时间到，无人取消，升级为警报', cancelled: '本人取消', cancelledLate: '本人取消（已过时限，警报保留）', notNeeded: '本人表示不需要', unanswered: '还没有人应答，通知家属', notAnswered: '又按了，60 秒内没有回应', stillOn: '还在处理', reminded: '已提醒', overdue: '提醒后没有操作，重新响铃', taken: '接手', coming: '安排人前往', handedBack: '退回，重新响铃', closed: '结束', callSpoke: '通话成功', callNoAnswer: '没人接电话', wrist: '手环已显示', merged: '并入求助', fallBefore: '按键前疑似跌倒', drill: '演练', rescued: '系统恢复响铃', messageSent: '短信已发送', messageDelivered: '短信已送达', messageFailed: '短信发送失败', messageOpened: '家属已打开页面', linkRevoked: '链接已停用', passedOn: '在手环转交之前按下；现在的佩戴人',
    still: '{n} 分钟没有活动', times: '{n} 次', earlier: '更早的记录', because: { noConsole: '没有打开的值守台', noAnswer: '60 秒无人接手', band: '手环', hubKey: '主机按键', phone: '电话', staff: '人工登记', old: '补报' },
  },
  residents: {
    title: '老人与设备', add: '登记老人', name: '姓名', nameEn: '英文名', birthYear: '出生年份', phone: '电话', address: '地址', building: '楼号', floor: '层', door: '室', keys: '钥匙在哪', hearing: '听力', dialect: '方言', medical: '健康备注', firstQuestion: '先问的一句话', familyName: '家属怎么称呼', save: '保存', saved: '已保存',
    contacts: '联系人', addContact: '添加联系人', relation: '关系', order: '顺序', consentBy: '谁同意的', consentHow: '怎样同意的', consentNote: '没有本人同意，不能登记联系人。', hubs: '家庭主机', addHub: '登记主机', hubId: '主机编号', bands: '手环', addBand: '登记手环', bandAddress: '手环地址（12 位十六进制）', guardAlways: '始终守护模式', resident: '老人', secretOnce: '只显示这一次，请马上配置设备。离开本页后无法再看到。', password: '主机密码', secret: '手环密钥', done: '我已配置好', none: '还没有登记', edit: '编辑', needed: '登录后才能登记。', failed: '没有保存：{text}', adminOnly: '登记和修改需要管理员账号。', worn: '最近听到', choose: '请选择',
  },
  trace: {
    show: '运行记录', ask: '向设备索取', refresh: '重新读取', none: '还没有向这台设备索取过。', waits: '{name} 于 {time} 索取，设备还没有回答。', read: '{time} 的回答。',
    time: '时间', what: '事件', first: '第一个数', second: '第二个数', earlier: '上一次启动后 {n} 秒', refused: { tooSoon: '同一台设备 10 分钟内只能索取一次。', role: '只有管理员可以索取。' },
    kinds: {
      1: '启动：原因、第几次启动', 2: '模式：现在、之前', 3: '无线打开：次数', 4: '无线关闭：次数', 5: '无线无声，已重启：次数', 6: '连接建立：连接数', 7: '连接断开：连接数', 8: '已连上中心', 9: '与中心断开',
      10: '存储失败：种类、等待的帧数', 11: '存储恢复', 12: '传感器故障：部件和种类、寄存器和读数', 13: '传感器恢复：部件', 14: '最长的一步（毫秒）', 15: '自行重启：原因', 16: '中心索取记录：编号',
    },
  },
  a11y: { skip: '跳到警报卡', queue: '警报列表', card: '警报卡', newAlarm: '新警报：{kind}，{name}，{address}' },
}
