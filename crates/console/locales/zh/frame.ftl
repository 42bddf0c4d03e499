# 页面框架
brand = 网格
skip = 跳到正文
unsent = 没有信号，没有发出。写好的还在这里，有信号后再按一次。
preferences = 显示设置
large-type = 长辈版
usual-type = 标准字号
navigation = 导航
foot-promise = 您的姓名和电话只给办理这件事的人看。没有广告，不追踪。
staff-sign-in = 工作人员登录
sign-in = 登录
sign-in-again = 请检查后再试。
sign-in-code = 验证码
sign-in-code-asked = 请再输入一次口令，并输入验证器上的验证码。
sign-in-code-help = 验证器上的六位数字，或一个恢复码
own-title = 我的账号
own-tokens = 程序令牌
own-tokens-what = 程序凭令牌以您的名义办事；不再用的请作废。
own-tokens-none = 没有有效的令牌。
own-token-end = 作废
own-password = 更改口令
own-password-ends = 更改后，您在别处的登录全部退出。
own-password-ends-tokens = { $n } 个程序令牌同时作废，须重新签发。
own-password-ends-operator = 其中有本机的 operator.token：在本机用它的命令（如 wangge approve、wangge import）随之不能用，直到重新生成。
own-current = 现在的口令
own-new = 新口令
own-change = 更改口令
own-changed = 口令已更改。
own-ended-sessions = 别处的 { $n } 个登录已退出。
own-ended-no-tokens = 没有程序令牌作废。
own-ended-tokens = 已作废的程序令牌：{ $labels }。
own-tokens-next = 还要用的程序，请经接口 POST /v1/tokens 重新签发令牌。
own-operator-next = 本机的 operator.token 也已作废。停下节点后在本机执行下面的命令，重新生成：
keys-title = 本人密钥
keys-what = 在这台设备上留一把只属于您的密钥，之后您办理事件时由您本人签名，节点再签一次。密钥不离开这台设备，别人、包括节点管理员都用不了它。
keys-own = 我的密钥
keys-none = 还没有密钥：您办的事现在只由节点签名。
keys-this = 本设备
keys-since = { $when }登记
keys-revoked = { $when }吊销
keys-revoke = 吊销
keys-here = 本设备已有密钥：您在这里办理事件会由您本人签名。
keys-unable = 这台设备或浏览器不能生成密钥（需要 HTTPS 和较新的浏览器）。不影响办理：记录会写明只有节点签名。
keys-new = 在本设备上登记一把
keys-new-what = 设备丢失或换人使用时，请在这里吊销它；以前签的仍然有效。
keys-label = 给这台设备起个名字
keys-label-such = 如：办公室电脑
keys-enrol = 生成并登记
factor-title = 两步验证
factor-needed = 您的岗位须先启用两步验证，之后才能办别的事。
factor-what = 登录时除口令外，再输入手机验证器上每 30 秒一换的六位数字。任何验证器应用都可以。
factor-on = 两步验证已启用
factor-off = 未启用两步验证
factor-since = { $when }启用
factor-left = 还剩 { $n } 个恢复码
factor-set-up = 启用
factor-replace = 换一个验证器
factor-scan = 用验证器扫描：
factor-type = 扫不了？手工输入密钥
factor-type-account = 账号 { $account }，按时间，六位：
factor-current = 现在的验证码，或一个恢复码
factor-code = 新验证器上的六位数字
factor-password = 您的口令
factor-now = 启用，并退出其他登录
factor-done = 两步验证已启用
factor-once = 只显示这一次。
factor-recovery = 手机丢了时，每个恢复码可代替验证码登录一次。请抄下或打印，不要存在同一部手机里。
factor-go-on = 我已收好，继续
sign-in-help = 忘记口令请找本单位的节点管理员重设。
account = 账号
password = 口令
sign-out = 退出登录
to-start = 回到工作台
to-front = 回到首页
what-next = 怎么办：
retry-after = 请 { $seconds } 秒后再试。
nav-desk = 事件
node-unknown = 另一单位（{ $short }…）
tab-work = 待办
tab-report = 上报
tab-grid = 我的网格
tab-notes = 日记
today = 今天
yesterday = 昨天
tomorrow = 明天
just-now = 刚刚
ago = { $n } { $unit ->
    [minute] 分钟
    [hour] 小时
   *[day] 天
 }前
in = { $n } { $unit ->
    [minute] 分钟
    [hour] 小时
   *[day] 天
 }后
