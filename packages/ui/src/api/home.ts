import { api } from "@iroko/core/client";
import type { Answer } from "../http/answer.ts";
import { homeStale } from "../model/home-stale.ts";
import { readHome } from "../model/home-view.ts";
import type { Instance } from "../model/instance.ts";

export function homeApi(answer: Answer, instance: Instance): void {
  answer(api.home.get, async () => readHome(instance));
  answer(api.home.stale, homeStale(instance));
}
