using ElderBand.Simulation;

namespace ElderBand.Simulator.Neighbourhood;

/// <summary>Somebody who is told.</summary>
public sealed record Relative(string Name, string Relation, string Phone);

/// <summary>A resident with what a duty officer needs to know. Everybody here is invented.</summary>
public sealed record Person(
    string Name,
    string NameEn,
    int BirthYear,
    string Phone,
    string Keys,
    string Hearing,
    string Dialect,
    string Medical,
    string FirstQuestion,
    int RestingBpm,
    Relative[] Relatives);

/// <summary>A home and who lives in it.</summary>
public sealed record Home(string Address, string Building, string Floor, string Door, Person[] People);

/// <summary>
/// The invented neighbourhood: the first three homes with four people are the demo's, more follow by rule.
/// </summary>
public static class People
{
    private static readonly Home[] Written =
    [
        new("梧桐里小区", "3 号楼", "5 层", "502", [
            new(
                "张桂兰", "Zhang Guilan", 1941, "138 0000 0101", "备用钥匙在 501 李老师家", "左耳听不清，请说慢一点", "上海话",
                "高血压；服用华法林，跌倒后注意出血", "您现在坐着还是躺在地上？", 72,
                [new("周敏", "女儿", "139 0000 0101"), new("周强", "儿子", "139 0000 0102")]),
            new(
                "周德海", "Zhou Dehai", 1938, "138 0000 0102", "备用钥匙在 501 李老师家", "戴助听器，晚上会摘下", "上海话、普通话",
                "帕金森；用四轮助行器", "助行器在您手边吗？", 66,
                [new("周敏", "女儿", "139 0000 0101"), new("周强", "儿子", "139 0000 0102")]),
        ]),
        new("梧桐里小区", "7 号楼", "1 层", "101", [
            new(
                "王秀英", "Wang Xiuying", 1945, "138 0000 0103", "密码锁，密码存中心保险柜 B-17", "听力好", "普通话",
                "2 型糖尿病，打胰岛素；曾夜间低血糖", "今天吃过饭、打过针了吗？", 78,
                [new("赵磊", "孙子", "139 0000 0103"), new("孙玉华", "邻居", "139 0000 0104")]),
        ]),
        new("河滨新村", "12 号楼", "6 层（无电梯）", "603", [
            new(
                "陈阿福", "Chen Afu", 1936, "138 0000 0104", "钥匙在居委会，白天有人", "听力差，请按两次门铃", "宁波话，普通话能听懂一些",
                "心脏起搏器（2019 年）；独居", "胸口闷不闷？", 61,
                [new("陈小燕", "侄女", "139 0000 0105")]),
        ]),
    ];

    private static readonly (string Name, string NameEn)[] Families =
    [
        ("李", "Li"), ("刘", "Liu"), ("杨", "Yang"), ("黄", "Huang"), ("吴", "Wu"), ("徐", "Xu"), ("孙", "Sun"), ("马", "Ma"),
        ("朱", "Zhu"), ("胡", "Hu"), ("郭", "Guo"), ("何", "He"), ("林", "Lin"), ("高", "Gao"), ("罗", "Luo"), ("郑", "Zheng"),
    ];

    private static readonly (string Name, string NameEn)[] Given =
    [
        ("玉珍", "Yuzhen"), ("建国", "Jianguo"), ("淑芬", "Shufen"), ("志明", "Zhiming"), ("凤英", "Fengying"),
        ("永福", "Yongfu"), ("美华", "Meihua"), ("根生", "Gensheng"), ("秋月", "Qiuyue"), ("长庚", "Changgeng"),
        ("雅琴", "Yaqin"), ("伯年", "Bonian"), ("兰香", "Lanxiang"),
    ];

    private static readonly string[] KeyNotes =
        ["备用钥匙在楼下 101", "密码锁，密码存中心保险柜", "钥匙在居委会", "女儿有钥匙，15 分钟可到", "没有备用钥匙，需报警开锁"];

    private static readonly string[] HearingNotes = ["听力好", "右耳听不清", "戴助听器", "听力差，请大声", "听力好，说话慢"];

    private static readonly string[] Dialects = ["普通话", "上海话", "苏北话", "宁波话", "广东话", "四川话"];

    private static readonly string[] MedicalNotes =
        ["无特殊", "高血压", "冠心病，备有硝酸甘油", "慢阻肺，家中有氧气机", "2 型糖尿病", "轻度认知障碍，容易走失", "髋关节置换（2021 年）"];

    private static readonly string[] FirstQuestions =
        ["您现在坐着还是躺着？", "哪里疼？", "身边有人吗？", "能自己站起来吗？", "胸口闷不闷？"];

    /// <summary>The first homes of the neighbourhood; from the fourth on every third one is a couple's.</summary>
    public static IReadOnlyList<Home> Homes(int count) =>
        [.. Enumerable.Range(0, count).Select(static i => i < Written.Length ? Written[i] : ByRule(i))];

    private static Home ByRule(int index) => new(
        index % 2 == 0 ? "梧桐里小区" : "河滨新村",
        $"{(index % 19) + 1} 号楼",
        $"{(index % 6) + 1} 层",
        $"{(index % 6) + 1}0{(index % 4) + 1}",
        [.. Enumerable.Range(0, index % 3 == 0 ? 2 : 1).Select(person => PersonByRule((index * 2) + person))]);

    private static Person PersonByRule(int n)
    {
        var family = Families[n % Families.Length];
        var given = Given[n % Given.Length];
        return new Person(
            family.Name + given.Name,
            $"{family.NameEn} {given.NameEn}",
            1932 + (n * 7 % 20),
            $"138 0000 {1000 + n}",
            KeyNotes[n % KeyNotes.Length],
            HearingNotes[n % HearingNotes.Length],
            Dialects[n % Dialects.Length],
            MedicalNotes[n % MedicalNotes.Length],
            FirstQuestions[n % FirstQuestions.Length],
            58 + (n * 5 % 27),
            [new Relative(family.Name + "晓" + given.Name[^1..], n % 2 == 0 ? "女儿" : "儿子", $"139 0000 {1000 + n}")]);
    }
}
