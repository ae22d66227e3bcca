-- A run log as schema 6 made it, with rows. Frozen: what a user's file may look like. Never edited.
BEGIN TRANSACTION;
CREATE TABLE calls (
	call_id INTEGER NOT NULL, 
	account TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (call_id)
);
INSERT INTO "calls" VALUES(1,'kie|1','2026-11-21 09:32:33.002916');
CREATE TABLE documents (document_id TEXT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, at DATETIME NOT NULL, text TEXT NOT NULL, sha256 TEXT NOT NULL);
INSERT INTO "documents" VALUES('d0001','registration','2026-12-01 10:45:00.123456','{"question":"Which clip is better?","version":1}','c58aac71b2af6c2d3d5c6acde6d09d15d7dedde745f2d243e559fd4fc05c8293');
CREATE TABLE events (
	event_id INTEGER NOT NULL, 
	run_id TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	what TEXT NOT NULL, 
	data JSON NOT NULL, 
	PRIMARY KEY (event_id), 
	FOREIGN KEY(run_id) REFERENCES runs (run_id)
);
INSERT INTO "events" VALUES(1,'r0001','2026-11-21 09:32:32.776846','planned','{"hash": "c7da00e9302dc43f3b5e45a3238439791b581f3aab987aa889b34f825c2ba2ce"}');
INSERT INTO "events" VALUES(2,'r0002','2026-11-21 09:32:32.776846','planned','{"hash": "a301de7d1b6c2a448fa380e7d42c1846587703aa286083f6c2b4fc3ba944e6bc"}');
INSERT INTO "events" VALUES(3,'r0003','2026-11-21 09:32:32.776846','planned','{"hash": "a301de7d1b6c2a448fa380e7d42c1846587703aa286083f6c2b4fc3ba944e6bc"}');
INSERT INTO "events" VALUES(4,'r0001','2026-11-21 09:32:32.823621','create_sent','{}');
INSERT INTO "events" VALUES(5,'r0001','2026-11-21 09:32:32.839243','create_accepted','{"task_id": "401047179385389059"}');
INSERT INTO "events" VALUES(6,'r0001','2026-11-21 09:32:32.857885','running','{}');
INSERT INTO "events" VALUES(7,'r0001','2026-11-21 09:32:32.871165','finished','{}');
INSERT INTO "events" VALUES(8,'r0001','2026-11-21 09:32:32.912606','here','{}');
INSERT INTO "events" VALUES(9,'r0002','2026-11-21 09:32:32.940463','create_sent','{}');
INSERT INTO "events" VALUES(10,'r0002','2026-11-21 09:32:32.966807','unconfirmed','{"kind": "Unconfirmed"}');
CREATE TABLE migrations (
	number INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (number)
);
INSERT INTO "migrations" VALUES(1,'first_schema','2026-11-21 09:32:32.793507');
INSERT INTO "migrations" VALUES(2,'votes','2026-11-27 08:54:37.247311');
INSERT INTO "migrations" VALUES(3,'clips','2026-11-30 20:16:30.815937');
INSERT INTO "migrations" VALUES(4,'event_codes','2026-12-01 00:35:01.106029');
INSERT INTO "migrations" VALUES(5,'task_details','2026-12-01 03:19:34.843854');
INSERT INTO "migrations" VALUES(6,'documents','2026-12-01 10:39:54.790048');
CREATE TABLE runs (
	run_id TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	provider TEXT NOT NULL, 
	model TEXT NOT NULL, 
	request JSON NOT NULL, 
	request_hash TEXT NOT NULL, 
	status TEXT NOT NULL, 
	simulated BOOLEAN NOT NULL, 
	origin TEXT, 
	sweep_id TEXT, 
	sweep_index INTEGER, 
	variant TEXT, 
	variables JSON NOT NULL, 
	tags JSON NOT NULL, 
	task_id TEXT, 
	channel TEXT, 
	client_uuid TEXT, 
	result_index INTEGER NOT NULL, 
	submitted_at DATETIME, 
	started_at DATETIME, 
	finished_at DATETIME, 
	cost_micros BIGINT, 
	cost_kind TEXT, 
	currency TEXT, 
	seed_returned BIGINT, 
	file_id TEXT, 
	video_url TEXT, 
	backup_url TEXT, 
	video TEXT, 
	sha256 TEXT, 
	video_bytes BIGINT, 
	error JSON, 
	rating INTEGER, 
	note TEXT, 
	reused_from TEXT, 
	reserved_micros BIGINT, 
	reserved_currency TEXT, 
	session TEXT, 
	owner TEXT, 
	lease_until DATETIME, sweep_name TEXT, video_width INTEGER, video_height INTEGER, clip_tags JSON, task_details JSON, video_seconds FLOAT, video_sound BOOLEAN, 
	PRIMARY KEY (run_id), 
	CONSTRAINT one_run_a_result UNIQUE (provider, origin, task_id, result_index)
);
INSERT INTO "runs" VALUES('r0001','2026-11-21 08:00:00.123456','kie','2.3','{"prompt": "a fox \u72d0 ''\"\n\ud83e\udd8a", "provider": "kie", "model": "2.3", "duration": null, "resolution": null, "aspect_ratio": null, "seed": 7, "replicate": 1, "first_frame": {"name": "fox.png", "url": null, "sha256": "abababababababababababababababababababababababababababababababab", "media_type": "image/png", "width": 640, "height": 480}, "last_frame": null, "subject": null, "template": null, "text": null, "prompt_optimizer": false, "fast_pretreatment": null, "watermark": null, "callback_url": null, "width": null, "height": null, "options": {"a": 1}}','c7da00e9302dc43f3b5e45a3238439791b581f3aab987aa889b34f825c2ba2ce','succeeded',0,'https://api.kie.ai','s1',0,'night','{"style": "ink"}','["ab", "x"]','401047179385389059',NULL,'u1',0,'2026-11-21 08:00:00.123456','2026-11-21 08:00:00.123456','2026-11-21 08:01:30.123456',280000,'list','USD',9007199254740993,'9','https://host.example/v.mp4',NULL,'r0001.mp4','cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd',123456,NULL,4,'good',NULL,280000,'USD','host|1|abcd','host|1|abcd','2026-11-21 09:33:32.776846',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "runs" VALUES('r0002','2026-11-21 08:00:00.123456','minimax','MiniMax-Hailuo-02','{"prompt": "a wolf", "provider": "minimax", "model": "MiniMax-Hailuo-02", "duration": null, "resolution": null, "aspect_ratio": null, "seed": null, "replicate": 1, "first_frame": null, "last_frame": null, "subject": null, "template": null, "text": null, "prompt_optimizer": false, "fast_pretreatment": null, "watermark": null, "callback_url": null, "width": null, "height": null, "options": {}}','a301de7d1b6c2a448fa380e7d42c1846587703aa286083f6c2b4fc3ba944e6bc','unconfirmed',0,'https://api.minimaxi.com',NULL,NULL,NULL,'{}','[]',NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'{"kind": "Unconfirmed", "message": "the answer was lost"}',NULL,NULL,NULL,NULL,NULL,'host|1|abcd','host|1|abcd','2026-11-21 09:33:32.776846',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "runs" VALUES('r0003','2026-11-21 08:00:00.123456','minimax','MiniMax-Hailuo-02','{"prompt": "a wolf", "provider": "minimax", "model": "MiniMax-Hailuo-02", "duration": null, "resolution": null, "aspect_ratio": null, "seed": null, "replicate": 1, "first_frame": null, "last_frame": null, "subject": null, "template": null, "text": null, "prompt_optimizer": false, "fast_pretreatment": null, "watermark": null, "callback_url": null, "width": null, "height": null, "options": {}}','a301de7d1b6c2a448fa380e7d42c1846587703aa286083f6c2b4fc3ba944e6bc','planned',1,'simulator',NULL,NULL,NULL,'{}','[]',NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'host|1|abcd','host|1|abcd','2026-11-21 09:33:32.776846',NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE votes (vote_id TEXT NOT NULL PRIMARY KEY, at DATETIME NOT NULL, rater TEXT NOT NULL, "between" TEXT NOT NULL, "left" TEXT NOT NULL, "right" TEXT NOT NULL, left_run TEXT NOT NULL REFERENCES runs (run_id), right_run TEXT NOT NULL REFERENCES runs (run_id), answer TEXT NOT NULL, "within" TEXT NOT NULL, unit TEXT NOT NULL, seconds FLOAT, repeat_of TEXT, withdrawn BOOLEAN NOT NULL, question TEXT NOT NULL DEFAULT '');
INSERT INTO "votes" VALUES('v0001','2026-11-27 09:00:00.123456','mara','prompt','a fox 狐','a wolf','r0001','r0002','left','seed','7',4.5,NULL,0,'Which clip is better?');
CREATE INDEX runs_by_sweep ON runs (sweep_id);
CREATE INDEX runs_by_hash ON runs (request_hash, status);
CREATE INDEX runs_by_status ON runs (status);
CREATE INDEX calls_by_account ON calls (account, at);
CREATE INDEX ix_events_run_id ON events (run_id);
CREATE INDEX votes_by_run ON votes (left_run, right_run);
CREATE INDEX runs_by_clip ON runs (reused_from);
COMMIT;
