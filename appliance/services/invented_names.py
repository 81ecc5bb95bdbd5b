# ruff: noqa: RUF001 - letters of other scripts look alike, and are meant
"""Common names of many languages and scripts, put together by chance: nobody in particular."""

FEMALE, MALE, FAMILY = 0, 1, 2

NAMES: tuple[tuple[str, str, str], ...] = (
    (
        "Emma Olivia Ava Sophia Isabella Mia Charlotte Amelia Harper Evelyn Grace Chloe Ella Lucy",
        "Liam Noah Oliver Elijah James William Benjamin Lucas Henry Theodore Jack Samuel Owen Leo",
        "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Thomas Moore "
        "Martin Jackson Thompson White Harris Clark Lewis Robinson Walker Young Allen Wright Hill "
        "O'Brien O'Connor McCarthy MacDonald Fitzgerald",
    ),
    (
        "María José Lucía Martina Sofía Julia Paula Valeria Emma Carmen Noa Inés Núria Begoña",
        "Hugo Mateo Martín Lucas Leo Daniel Alejandro Manuel Pablo Álvaro Adrián Íñigo Óscar Raúl",
        "García Fernández González Rodríguez López Martínez Sánchez Pérez Gómez Martín Jiménez "
        "Ruiz Hernández Díaz Moreno Muñoz Álvarez Romero Alonso Gutiérrez Núñez Ibáñez Peña Solís",
    ),
    (
        "Zofia Zuzanna Hanna Julia Maja Alicja Łucja Żaneta Małgorzata Agnieszka Ewa Wiktoria",
        "Antoni Jakub Jan Szymon Franciszek Aleksander Filip Mikołaj Łukasz Stanisław Paweł",
        "Nowak Kowalska Wiśniewska Wójcik Kowalczyk Kamiński Lewandowski Zieliński Szymański "
        "Woźniak Dąbrowski Kozłowski Jankowski Mazur Kwiatkowski Krawczyk Piotrowski Grabowski",
    ),
    (
        "Анна Мария Елена Ольга Татьяна Наталья София Алёна Ксения Полина Дарья Вера",
        "Александр Дмитрий Максим Сергей Андрей Алексей Артём Илья Кирилл Михаил Никита Фёдор",
        "Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов "
        "Волков Алексеев Лебедев Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев",
    ),
    (
        "فاطمة مريم عائشة خديجة زينب سارة نور ليلى هدى آمنة سلمى ياسمين",
        "محمد أحمد علي حسن حسين عمر يوسف إبراهيم خالد مصطفى كريم سامي",
        "الخطيب المنصوري العلي حداد نصر الشامي البغدادي الحسن عباس سليمان منصور الأحمد "
        "قاسم درويش الصالح حمدان شاهين النجار الزهراني القحطاني",
    ),
    (
        "मीरा प्रिया अनन्या आराध्या सिया काव्या राधा सुनीता पूजा नेहा अंजलि लक्ष्मी",
        "आरव विवान अर्जुन राहुल रोहन अमित विजय संजय राजू मोहन कृष्ण सूर्य",
        "शर्मा वर्मा गुप्ता सिंह कुमार पटेल देशपांडे जोशी मिश्रा यादव चौधरी रेड्डी नायर अय्यर भट्ट ठाकुर "
        "कुलकर्णी पाटिल मेहता कपूर",
    ),
    (
        "小明 欣怡 子涵 雨桐 梓萱 思远 美玲 晓燕 佳怡 静 芳 丽华",
        "伟 强 磊 军 洋 勇 杰 涛 明 超 浩然 子轩",
        "王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙 马 朱 胡 郭 何 林 高 罗 欧阳 司马",
    ),
    (
        "さくら 美咲 陽菜 結衣 葵 凛 花子 恵子 由美子 明日香 千尋 楓",
        "蓮 湊 樹 翔太 大輔 健太 拓也 一郎 誠 悠真 颯太 陸",
        "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口 松本 井上",
    ),
    (
        "서연 지우 민서 하은 수아 지민 은지 유진 혜진 소영 미경 영희",
        "민준 서준 도윤 예준 시우 하준 지훈 성민 동현 철수 영호 준호",
        "김 이 박 최 정 강 조 윤 장 임 한 오 서 신 권 황 안 송 남궁 황보",
    ),
    (
        "Adaeze Chiamaka Ngozi Ifeoma Amina Zainab Folake Yetunde Wanjiru Achieng Thandiwe Ayaan",
        "Chinedu Emeka Obinna Babajide Kwame Kofi Kamau Otieno Sipho Thabo Musa Ibrahim",
        "Okafor Okonkwo Adeyemi Ogunleye Eze Nwosu Bello Abubakar Mensah Owusu Kamau Odhiambo "
        "Wanjala Dlamini Nkosi Ndlovu Mwangi Kiptoo Traoré Diallo Ndiaye Ouédraogo",
    ),
    (
        "Astrid Ingrid Linnéa Åsa Maja Elin Freja Sólveig Þórunn Aino Helmi Kaarina",
        "Nils Lars Åke Björn Søren Jørgen Håkon Øyvind Magnús Þór Väinö Juhani",
        "Lindqvist Andersson Johansson Nilsson Bergström Sjöberg Hansen Sørensen Ødegård Håland "
        "Jónsdóttir Guðmundsson Virtanen Korhonen Mäkinen Nieminen Hämäläinen Ørsted",
    ),
    (
        "Ayşe Elif Zeynep Defne Çağla Gül İpek Şule Ece Nehir Yağmur Özge",
        "Mehmet Mustafa Ahmet Emre Çağrı İbrahim Ömer Şükrü Yiğit Kerem Umut Barış",
        "Yılmaz Kaya Demir Şahin Çelik Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç "
        "Çetin Koç Kurt Özkan Şimşek Güneş Işık",
    ),
)
"""By language: female, male and family names, each in one text."""
