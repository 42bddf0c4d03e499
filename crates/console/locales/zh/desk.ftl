# 派单工作台
desk-views = 视图
desk-search = 查找
desk-search-example = 编号、词语、拼音首字母
col-matter = 事件
view-open = 在办
view-mine = 给我的
view-intake = 待受理
view-offered = 外来移交
view-unplaced = 没有地点
view-all = 全部
empty-open = 没有在办的事件。新的上报会自动出现在这里。
empty-mine = 没有交给您的事件。
empty-intake = 没有待受理的上报。
empty-offered = 没有其他节点移交来的事件。
empty-unplaced = 每件事都有地点。
empty-all = 没有找到。换个词，或看看“全部”。
