# 页面框架
brand = 网格
skip = 跳到正文
preferences = 显示设置
large-type = 长辈版
usual-type = 标准字号
navigation = 导航
foot-promise = 您的姓名和电话只给办理这件事的人看。没有广告，不追踪。
staff-sign-in = 工作人员登录
sign-in = 登录
sign-in-again = 请检查后再试。
sign-in-help = 忘记口令请找本单位的节点管理员重设。
account = 账号
password = 口令
sign-out = 退出登录
to-start = 回到工作台
to-front = 回到首页
what-next = 怎么办：
retry-after = 请 { $seconds } 秒后再试。
nav-desk = 事件
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
