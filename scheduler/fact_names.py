"""What operators call the facts that a message may say."""

FACT_NAMES = {
    "name_sama": ("お名前", "name"),
    "name": ("お名前（敬称なし）", "plain name"),
    "shop_name": ("お店の名前", "shop name"),
    "opening_hours": ("営業時間", "opening hours"),
    "how_to_buy": ("購入方法", "how to buy"),
    "free_item.title": ("プレゼントの名前", "free item"),
    "free_item.text": ("プレゼントの説明", "about the free item"),
    "free_item.url": ("プレゼントのリンク", "free item's link"),
    "last_product": ("最後に買った商品の情報", "last product's details"),
    "last_product.name": ("最後に買った商品", "last product"),
    "last_product.url": ("最後に買った商品のリンク", "last product's link"),
    "last_product.price_yen": ("最後に買った商品の価格", "last product's price"),
    "recommended": ("おすすめの商品の情報", "recommended product's details"),
    "recommended.name": ("おすすめの商品", "recommended product"),
    "recommended.url": ("おすすめの商品のリンク", "recommended product's link"),
    "recommended.price_yen": ("おすすめの商品の価格", "recommended product's price"),
    "recommended.reason": ("おすすめの理由", "why it is recommended"),
    "recommendations": ("おすすめの商品の一覧", "recommended products"),
    "trial.name": ("お試し商品", "trial product"),
    "trial.price_yen": ("お試しの価格", "trial price"),
    "trial.ends": ("お試しの期限", "end of the trial"),
    "trial.url": ("お試し商品のリンク", "trial product's link"),
    "coupon": ("クーポン", "coupon"),
    "coupon.title": ("クーポンの名前", "coupon's name"),
    "coupon.code": ("クーポンのコード", "coupon code"),
    "coupon.discount_yen": ("クーポンの金額", "coupon's amount"),
    "coupon.expires": ("クーポンの期限", "coupon's end"),
    "coupons": ("お持ちのクーポン", "coupons held"),
    "cause.code": ("今回のクーポンのコード", "code of this coupon"),
    "each.title": ("そのクーポンの名前", "its name"),
    "each.discount_yen": ("そのクーポンの金額", "its amount"),
    "each.expires": ("そのクーポンの期限", "its end"),
    "next_due": ("次の購入の目安", "next purchase"),
    "cycle_reason": ("目安の理由", "why then"),
    "last_purchase": ("最後の購入日", "last purchase"),
    "purchase_count": ("購入回数", "purchases"),
    "member_number": ("会員番号", "member number"),
    "referral_code": ("紹介コード", "referral code"),
    "referral_url": ("紹介リンク", "referral link"),
    "share_url": ("紹介を送るリンク", "link to share"),
}
"""By the fact's place in a template: what it is called in Japanese and in English, between braces and in reasons."""


def name_of(fact: str, language: str) -> str:
    """Return what a fact is called, 「クーポンの名前」 for `coupon.title`; one without a name is called by its place."""
    return FACT_NAMES.get(fact, (fact, fact))[0 if language == "ja" else 1]
