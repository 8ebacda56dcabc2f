//! Texts that were never read before: words and pieces of words, put together anew each time.

/// How texts of a kind are put together.
pub struct Kind {
    pub name: &'static str,
    /// Words, or parts of words, with spaces between them.
    parts: &'static str,
    /// So many parts are a word, at least and at most.
    word: [usize; 2],
    /// What ends a word, one of them.
    ends: &'static [&'static str],
}

pub const KINDS: [Kind; 14] = [
    Kind {
        name: "english",
        parts: ENGLISH,
        word: [1, 1],
        ends: &[" ", " ", " ", " ", " ", ", ", ". ", "s ", "ed ", "\n"],
    },
    Kind {
        name: "german",
        parts: GERMAN,
        word: [2, 5],
        ends: &[" ", "en ", " und ", ", die ", " der ", ". Die "],
    },
    Kind {
        name: "russian",
        parts: RUSSIAN,
        word: [2, 4],
        ends: &[" ", "ого ", "ение ", "ать ", ", что ", "ых. "],
    },
    Kind {
        name: "arabic", parts: ARABIC, word: [1, 2], ends: &[" ", "ات ", "ها ", " في ", "، و", ". "]
    },
    Kind {
        name: "hindi", parts: HINDI, word: [1, 2], ends: &[" ", " के ", "ों ", " में ", "। ", " है, "]
    },
    Kind {
        name: "chinese", parts: CHINESE, word: [3, 12], ends: &["，", "。", "的", "、", "了，", "；"]
    },
    Kind {
        name: "japanese",
        parts: JAPANESE,
        word: [2, 6],
        ends: &["、", "。", "は", "を", "します。", "について"],
    },
    Kind {
        name: "korean",
        parts: KOREAN,
        word: [1, 3],
        ends: &[" ", "는 ", "을 ", "에서 ", "합니다. ", "하고 "],
    },
    Kind { name: "base64", parts: BASE64, word: [40, 400], ends: &["=\n", "==\n", "\n"] },
    Kind { name: "hex", parts: HEX, word: [32, 64], ends: &["\n", " ", "-"] },
    Kind { name: "letters", parts: LETTERS, word: [3, 14], ends: &[" ", " ", "\n"] },
    Kind { name: "long-letters", parts: FREQUENT, word: [2000, 4096], ends: &[" "] },
    Kind { name: "long-chinese", parts: CHINESE, word: [300, 600], ends: &["。"] },
    Kind { name: "long-syllables", parts: GERMAN, word: [200, 400], ends: &[" "] },
];

/// Numbers by a linear congruential generator.
#[derive(Debug)]
pub struct Numbers(pub u64);

impl Numbers {
    /// One below the bound, which is below 2^31.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize * bound) >> 31
    }

    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        let at = self.below(all.len());
        all.get(at).copied().unwrap_or_default()
    }
}

impl Kind {
    /// A text of so many bytes, or a few more.
    pub fn text(&self, bytes: usize, numbers: &mut Numbers) -> String {
        let parts: Vec<&str> = self.parts.split_whitespace().collect();
        let [least, most] = self.word;
        let mut text = String::with_capacity(bytes + 4096);
        while text.len() < bytes {
            let count = least + numbers.below(most - least + 1);
            text.extend((0..count).map(|_| numbers.one_of(&parts)));
            text.push_str(numbers.one_of(self.ends));
        }
        text
    }
}

const ENGLISH: &str = "the of and to in is that for with as on by this be are from at or an it not have which can will when where \
    gateway request policy server answer model token budget queue limit record ledger witness boundary label classify \
    investigate neighbourhood extraordinary consequence improvement between although understand measure temperature \
    bridge river mountain harvest kitchen ancient yellow quickly carefully therefore perhaps remember discover colour \
    language country history science question example number system result change point world school family problem \
    throughput scheduling allocation hierarchical probabilistic interference representative manufacturer entrepreneurial";
const GERMAN: &str = "versicherung bedingung daten schutz grund verordnung gesellschaft haftung beschränkung kranken haus \
    verwaltung arbeits unfähigkeits bescheinigung donau dampf schiff fahrt kapitän rechts anwalt sicherheits prüfung \
    straßen beleuchtung kinder garten eisen bahn brücken über gang büro öffnungs zeiten maß nahmen umwelt verträglich \
    keits lebens mittel unter such ung aus gleich zahlung ge nehmig frei gabe wert stoff hof zwischen lager fähig";
const RUSSIAN: &str = "пере от про вы раз без государств обществ информац систем работ безопасн договор прав закон управл \
    решен врем человек город развит техн лог граф пис чит обуч стран язык вопрос ответ журнал сервер очеред запрос";
const ARABIC: &str = "كتاب مدرسة حكومة ال معلومات نظام طلب جواب سياسة بيانات خادم لغة مدينة تاريخ علم مستقبل عمل شركة وزارة قانون \
    است مكتب دراسة تطوير جامعة بحث سؤال مشروع اقتصاد حماية";
const HINDI: &str = "सरकार जानकारी प्रणाली अनुरोध उत्तर नीति डेटा भाषा शहर इतिहास विज्ञान भविष्य काम कंपनी मंत्रालय कानून शिक्षा विकास विश्वविद्यालय \
    अनुसंधान प्रश्न परियोजना अर्थव्यवस्था सुरक्षा किताब समय लोग देश";
const CHINESE: &str = "我们 公司 数据 模型 请求 网关 策略 安全 分类 法律 合同 客户 服务 系统 管理 技术 发展 问题 中国 北京 大学 研究 时间 \
    人 在 有 是 不 和 就 也 都 要 对 上 这 那 他 她 说 去 到 年 月 日 三 五 七 处理 记录 预算 队列 边界 证明 隐私 个人 信息 保护 条例 \
    医院 病历 诊断 治疗 银行 账户 余额 转移 审计 见证 签名 密钥 撤销 缓慢 迅速 蝴蝶 葡萄 琵琶 踌躇 徘徊 朦胧 山 水 风 云 雨 雪 春 秋 \
    因为 所以 但是 如果 虽然 然而 可以 必须 应该 能够 已经 正在 将来 过去 现在 非常 特别 一定 可能 需要 希望 认为 知道 看见";
const JAPANESE: &str = "会社 データ モデル リクエスト 政策 安全 分類 法律 契約 顧客 サービス システム 管理 技術 問題 日本 東京 大学 研究 時間 \
    これ それ ため こと もの とき という ながら から まで より だけ しか です ます ました ません 処理 記録 予算 個人 情報 保護 病院 銀行 \
    ありがとう おはよう ください すばらしい 新しい 難しい 食べ 飲み 走り 考え ゲートウェイ ラベル コンピュータ";
const KOREAN: &str = "회사 데이터 모델 요청 정책 안전 분류 법률 계약 고객 서비스 시스템 관리 기술 문제 한국 서울 대학교 연구 시간 처리 기록 예산 \
    개인 정보 보호 병원 은행 그리고 하지만 때문 우리 사람 생각 새로운 어려운 훌륭한 컴퓨터 게이트웨이 경계 증명";
const BASE64: &str = "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z a b c d e f g h i j k l m n o p q r s t u v w x y z \
    0 1 2 3 4 5 6 7 8 9 + /";
const HEX: &str = "0 1 2 3 4 5 6 7 8 9 a b c d e f";
const LETTERS: &str = "a b c d e f g h i j k l m n o p q r s t u v w x y z";
const FREQUENT: &str = "e t a o i n s h r d l u";
