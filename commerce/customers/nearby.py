"""Which large city a place on the map is near. Coarse on purpose: nobody's whereabouts are kept, and no map is asked.

Centres to a hundredth of a degree, as any atlas has them.
"""

from math import asin, cos, radians, sin, sqrt
from typing import Final

EARTH = 6371.0
"""Mean radius in kilometres."""
NEAR = 40.0
"""Kilometres within which a city is named."""
_CITIES: Final = """
北京市 39.90 116.41|上海市 31.23 121.47|天津市 39.13 117.20|重庆市 29.56 106.55
广东省广州市 23.13 113.26|广东省深圳市 22.54 114.06|广东省珠海市 22.27 113.58|广东省佛山市 23.02 113.12
广东省东莞市 23.02 113.75|广东省中山市 22.52 113.39|广东省惠州市 23.11 114.42|广东省汕头市 23.35 116.68
浙江省杭州市 30.27 120.15|浙江省宁波市 29.87 121.54|浙江省温州市 28.00 120.67|浙江省嘉兴市 30.75 120.76
浙江省绍兴市 30.00 120.58|浙江省金华市 29.08 119.65|江苏省南京市 32.06 118.80|江苏省苏州市 31.30 120.58
江苏省无锡市 31.49 120.31|江苏省常州市 31.81 119.97|江苏省南通市 31.98 120.89|江苏省徐州市 34.21 117.28
安徽省合肥市 31.82 117.23|福建省福州市 26.07 119.30|福建省厦门市 24.48 118.09|福建省泉州市 24.87 118.68
江西省南昌市 28.68 115.86|山东省济南市 36.65 117.12|山东省青岛市 36.07 120.38|山东省烟台市 37.46 121.45
河南省郑州市 34.75 113.63|河南省洛阳市 34.62 112.45|湖北省武汉市 30.59 114.31|湖北省宜昌市 30.69 111.29
湖南省长沙市 28.23 112.94|广西壮族自治区南宁市 22.82 108.37|广西壮族自治区桂林市 25.27 110.29
海南省海口市 20.04 110.20|海南省三亚市 18.25 109.51|四川省成都市 30.57 104.07|四川省绵阳市 31.47 104.68
贵州省贵阳市 26.65 106.63|云南省昆明市 25.04 102.71|西藏自治区拉萨市 29.65 91.11|陕西省西安市 34.34 108.94
甘肃省兰州市 36.06 103.83|青海省西宁市 36.62 101.78|宁夏回族自治区银川市 38.49 106.23
新疆维吾尔自治区乌鲁木齐市 43.83 87.62|内蒙古自治区呼和浩特市 40.84 111.75|内蒙古自治区包头市 40.66 109.84
山西省太原市 37.87 112.55|河北省石家庄市 38.04 114.51|河北省唐山市 39.63 118.18|辽宁省沈阳市 41.81 123.43
辽宁省大连市 38.91 121.61|吉林省长春市 43.82 125.32|黑龙江省哈尔滨市 45.80 126.53
香港特别行政区 22.32 114.17|澳门特别行政区 22.20 113.54
"""
_CENTRES: Final = tuple(
    (name, float(latitude), float(longitude))
    for name, latitude, longitude in (city.split() for city in _CITIES.replace("\n", "|").split("|") if city)
)


def near(latitude: float, longitude: float) -> str:
    """The city whose centre is nearest, "浙江省杭州市"; empty when none is near."""
    away, name = min((_kilometres(latitude, longitude, *centre), name) for name, *centre in _CENTRES)
    return name if away <= NEAR else ""


def _kilometres(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Along the great circle, by the haversine formula."""
    one, two = radians(latitude), radians(other_latitude)
    half = sin((two - one) / 2) ** 2 + cos(one) * cos(two) * sin(radians(other_longitude - longitude) / 2) ** 2
    return 2 * EARTH * asin(sqrt(half))
