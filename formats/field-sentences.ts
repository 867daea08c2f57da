/** What each state means to field staff and what they do next, in their language: for notes, pages, cards and the voice. */
import type { Language } from './languages.ts'
import { STATES, type State } from './states.ts'

/** A state, or the LED of a device whose supervisor does not run. */
export type FieldState = State | 'not-running'

/** One thing said; `kana` is how a Japanese voice reads it, words apart by spaces. English has none. */
export interface Sentence {
  text: string
  kana?: string
}

export interface FieldSentences {
  /** The LED, as one would say it over the phone. */
  looks: Sentence
  meaning: Sentence
  remedy: Sentence
}

const NOT_RUNNING = {
  looks: 'stays on or stays off',
  meaning: 'the program that keeps the connection is not running',
  remedy: 'switch the power off and on, and wait three minutes; if it stays, call the operator',
} as const

export function fieldSentences(state: FieldState, language: Language): FieldSentences {
  return language === 'ja' ? JAPANESE[state] : english(state === 'not-running' ? NOT_RUNNING : STATES[state])
}

function english({ looks, meaning, remedy }: { looks: string; meaning: string; remedy: string }): FieldSentences {
  return { looks: { text: sentence(looks) }, meaning: { text: sentence(meaning) }, remedy: { text: sentence(remedy) } }
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`
}

type Spoken = Required<Sentence>
const say = (text: string, kana: string): Spoken => ({ text, kana })

const WAIT_OR_CALL = say(
  '1分ほどお待ちください。変わらない場合は、運用担当者に電話してください。',
  'いっぷんほど おまちください。かわらない ばあいは、うんよう たんとうしゃに でんわして ください。',
)

/** 「…回」の点滅: flashes that are counted, then a pause. */
function flashes(count: string, kana: string): Spoken {
  return say(`${count}回点滅し、少し休みます。`, `${kana} てんめつし、すこし やすみます。`)
}

/** Operator 運用担当者, technician 技術者, relay 中継サーバー, device この装置, equipment 接続先の機器. */
const JAPANESE: Record<FieldState, { looks: Spoken; meaning: Spoken; remedy: Spoken }> = {
  unconfigured: {
    looks: say('休みなく速く点滅します。', 'やすみなく はやく てんめつ します。'),
    meaning: say('設定がないか、設定に誤りがあります。', 'せっていが ないか、せっていに あやまりが あります。'),
    remedy: say(
      'カードをパソコンに入れ、oobm-error.txtを開いて、内容を運用担当者に送ってください。',
      'カードを パソコンに いれ、オーオービーエム エラー テキストを ひらいて、ないようを うんよう たんとうしゃに おくって ください。',
    ),
  },
  'no-link': {
    looks: flashes('1', 'いっかい'),
    meaning: say(
      'ネットワークにつながっていません。ケーブル、Wi-Fi、またはアドレスがありません。',
      'ネットワークに つながって いません。ケーブル、ワイファイ、または アドレスが ありません。',
    ),
    remedy: say(
      'ネットワークケーブルと、スイッチのポートを確認してください。',
      'ネットワーク ケーブルと、スイッチの ポートを かくにん して ください。',
    ),
  },
  hotspot: {
    looks: say('3秒に1回、ゆっくり点滅します。', 'さんびょうに いっかい、ゆっくり てんめつ します。'),
    meaning: say(
      '外につながるネットワークがなく、この装置自身のWi-Fiが動いています。',
      'そとに つながる ネットワークが なく、この そうち じしんの ワイファイが うごいて います。',
    ),
    remedy: say(
      'ネットワークを確認してください。この装置のWi-Fiに接続すると、詳しく見られます。',
      'ネットワークを かくにん して ください。この そうちの ワイファイに せつぞく すると、くわしく みられます。',
    ),
  },
  'no-relay': {
    looks: flashes('2', 'にかい'),
    meaning: say(
      'ネットワークにはつながっていますが、中継サーバーに届きません。',
      'ネットワークには つながって いますが、ちゅうけい サーバーに とどきません。',
    ),
    remedy: say(
      'ポート443で外に出られるか、ネットワークの管理者に聞いてください。または、別のポートやネットワークを試してください。',
      'ポート よんよんさんで そとに でられるか、ネットワークの かんりしゃに きいて ください。または、べつの ポートや ネットワークを ためして ください。',
    ),
  },
  refused: {
    looks: flashes('3', 'さんかい'),
    meaning: say(
      '中継サーバーは応答しますが、この装置を受け付けません。',
      'ちゅうけい サーバーは おうとう しますが、この そうちを うけつけません。',
    ),
    remedy: say(
      '運用担当者に電話し、「中継サーバーに拒否されている」と伝えてください。',
      'うんよう たんとうしゃに でんわし、「ちゅうけい サーバーに きょひ されて いる」と つたえて ください。',
    ),
  },
  enrolling: {
    looks: say('短く2回、長く1回光り、少し休みます。', 'みじかく にかい、ながく いっかい ひかり、すこし やすみます。'),
    meaning: say(
      '新しい装置です。運用担当者の承認を待っています。',
      'あたらしい そうちです。うんよう たんとうしゃの しょうにんを まって います。',
    ),
    remedy: say(
      'カードの中のoobm-enrol.txtにあるシリアル番号とフィンガープリントを、運用担当者に伝えてください。',
      'カードの なかの オーオービーエム エンロール テキストに ある シリアル ばんごうと フィンガープリントを、うんよう たんとうしゃに つたえて ください。',
    ),
  },
  stale: {
    looks: flashes('4', 'よんかい'),
    meaning: say(
      'この装置の古い接続が、中継サーバーにまだ残っています。',
      'この そうちの ふるい せつぞくが、ちゅうけい サーバーに まだ のこって います。',
    ),
    remedy: WAIT_OR_CALL,
  },
  duplicate: {
    looks: flashes('5', 'ごかい'),
    meaning: say(
      '別の装置が、同じ識別情報を使っています。',
      'べつの そうちが、おなじ しきべつ じょうほうを つかって います。',
    ),
    remedy: say(
      '運用担当者に電話し、「2枚のカードに同じoobm.tomlがある」と伝えてください。',
      'うんよう たんとうしゃに でんわし、「にまいの カードに おなじ オーオービーエム トムルが ある」と つたえて ください。',
    ),
  },
  unproved: {
    looks: flashes('6', 'ろっかい'),
    meaning: say(
      '接続していますが、外からこの装置に入れることをまだ確認できていません。',
      'せつぞく して いますが、そとから この そうちに はいれる ことを まだ かくにん できて いません。',
    ),
    remedy: WAIT_OR_CALL,
  },
  maintenance: {
    looks: say('長く光り、短く1回点滅します。', 'ながく ひかり、みじかく いっかい てんめつ します。'),
    meaning: say(
      '運用担当者が、遠隔からの利用を止めています。',
      'うんよう たんとうしゃが、えんかくからの りようを とめて います。',
    ),
    remedy: say(
      '作業は必要ありません。運用担当者が再び使えるようにできます。',
      'さぎょうは ひつよう ありません。うんよう たんとうしゃが ふたたび つかえるように できます。',
    ),
  },
  'no-console': {
    looks: flashes('7', 'ななかい'),
    meaning: say(
      'この装置には入れますが、接続先の機器へのコンソール回線が開いていません。',
      'この そうちには はいれますが、せつぞくさきの ききへの コンソール かいせんが ひらいて いません。',
    ),
    remedy: say(
      'USBアダプターと、コンソールポートまでのケーブルを確認してください。',
      'ユーエスビー アダプターと、コンソール ポートまでの ケーブルを かくにん して ください。',
    ),
  },
  ready: {
    looks: say('ほぼ点灯し、2秒ごとに一瞬消えます。', 'ほぼ てんとうし、にびょう ごとに いっしゅん きえます。'),
    meaning: say(
      '正常です。技術者が遠隔から入れることを確認しました。',
      'せいじょう です。ぎじゅつしゃが えんかくから はいれる ことを かくにん しました。',
    ),
    remedy: say(
      '作業は必要ありません。お帰りいただけます。',
      'さぎょうは ひつよう ありません。おかえり いただけます。',
    ),
  },
  'in-use': {
    looks: say('1秒に1回、同じ間隔で点滅します。', 'いちびょうに いっかい、おなじ かんかくで てんめつ します。'),
    meaning: say(
      '正常です。技術者が今、遠隔から作業しています。',
      'せいじょう です。ぎじゅつしゃが いま、えんかくから さぎょう して います。',
    ),
    remedy: say('電源とケーブルを抜かないでください。', 'でんげんと ケーブルを ぬかないで ください。'),
  },
  'not-running': {
    looks: say('点灯したまま、または消えたままです。', 'てんとうした まま、または きえた ままです。'),
    meaning: say('接続を保つプログラムが動いていません。', 'せつぞくを たもつ プログラムが うごいて いません。'),
    remedy: say(
      '電源を入れ直し、3分お待ちください。変わらない場合は、運用担当者に電話してください。',
      'でんげんを いれなおし、さんぷん おまちください。かわらない ばあいは、うんよう たんとうしゃに でんわして ください。',
    ),
  },
}
